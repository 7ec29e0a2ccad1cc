using Microsoft.AspNetCore.Connections;
using Npgsql;
using Stet.EventStore;

namespace Stet.Http;

/// <summary>Turns every failure into a problem document that tells nothing of the inside.</summary>
public static partial class ProblemMiddleware
{
    /// <summary>Comes first, so that it sees what any other middleware throws.</summary>
    public static IApplicationBuilder UseProblems(this WebApplication app)
    {
        var logger = app.Logger;
        return app.Use(next => async context =>
        {
            try
            {
                await next(context);
                if (Untold(context.Response) is not { } problem) return;

                if (problem.Status == 405) HeadRequests.AddTo(context.Response.Headers);
                await Problems.WriteAsync(context, problem);
            }
            catch (Exception e) when (e is ConnectionResetException
                || (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested))
            {
                // Nobody is left to answer.
            }
            catch (Exception e) when (!context.Response.HasStarted)
            {
                var problem = ProblemOf(e);
                if (problem.Status == 500) Failed(logger, context.Request.Method, context.Request.Path, e);
                else if (e is NpgsqlException) Away(logger, context.Request.Method, context.Request.Path, e.Message);
                Clear(context.Response);
                await Problems.WriteAsync(context, problem);
            }
        });
    }

    /// <summary>Starts the answer anew; what the request took of its limit stays told.</summary>
    static void Clear(HttpResponse response)
    {
        var (policy, remaining) = (response.Headers["RateLimit-Policy"], response.Headers["RateLimit"]);
        response.Clear();
        response.Headers["RateLimit-Policy"] = policy;
        response.Headers["RateLimit"] = remaining;
    }

    static Problem ProblemOf(Exception e) => e switch
    {
        BadRequestException bad => bad.Problem,
        BadHttpRequestException { StatusCode: 408 } => RequestProblems.TooSlow,
        BadHttpRequestException => RequestProblems.Invalid("", "is not a well-formed HTTP request"),
        StoreBusyException => RequestProblems.Busy,
        SchemaChangedException => RequestProblems.SchemaChanged,
        StoreUnavailableException away => RequestProblems.Unavailable((int)Math.Ceiling(away.RetryAfter.TotalSeconds)),
        NpgsqlException when PassingFailure.Is(e) || PassingFailure.IsTooSlow(e) => RequestProblems.Unavailable(retryAfterSeconds: 2),
        _ => RequestProblems.Internal,
    };

    /// <summary>What the framework answered with a bare status.</summary>
    static Problem? Untold(HttpResponse response) =>
        response.HasStarted || response.ContentType is not null || response.ContentLength is not null
            ? null
            : response.StatusCode switch
            {
                404 => new Problem("not_found", 404, "There is nothing here", "see `/openapi/v1.json` for what there is"),
                415 => RequestProblems.NotJson,
                405 => new Problem("method_not_allowed", 405, "The method is not allowed here", "see the `Allow` header"),
                _ => null,
            };

    [LoggerMessage(20, LogLevel.Error, "{Method} {Path} failed")]
    static partial void Failed(ILogger logger, string method, PathString path, Exception e);

    [LoggerMessage(21, LogLevel.Warning, "{Method} {Path}: the database did not answer: {Reason}")]
    static partial void Away(ILogger logger, string method, PathString path, string reason);
}
