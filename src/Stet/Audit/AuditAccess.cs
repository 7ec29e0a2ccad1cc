using System.Globalization;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Audit;

/// <summary>
/// Finds the log that a path names, for its tenant's callers only, and turns what cannot be proved or signed into
/// problems. Endpoints below it get the log from <see cref="Log"/>.
/// </summary>
sealed partial class AuditAccess(TenantLogs logs, PublicLogs publicLogs, ILogger<AuditAccess> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var tenantId = http.Request.RouteValues["tenant_id"] as string;
        if (tenantId != http.Features.Get<Caller>()?.TenantId || tenantId is null) return Problems.Answer(AuditProblems.NotFound);
        if (!IsSpeltAsServed(http)) return Problems.Answer(AuditProblems.NotFound);

        publicLogs.Announce(http);
        try
        {
            // With the log as it is now, the request may be about something else.
            return await LogChanges.RetryAsync(logs, tenantId, tries: 2, () => AnswerAsync(context, next, tenantId));
        }
        catch (AuditSigningRefusedException)
        {
            return Problems.Answer(AuditProblems.SigningRefused);
        }
        catch (AuditAlteredException e)
        {
            Alarm(tenantId, e.Position);
            return Problems.Answer(AuditProblems.Altered);
        }
    }

    async Task<object?> AnswerAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next, string tenantId)
    {
        var http = context.HttpContext;
        if (await logs.FindAsync(tenantId, http.RequestAborted) is not { } log) return Problems.Answer(RequestProblems.UnknownTenant);
        if (EpochOf(http) is not { } epoch) return Problems.Answer(AuditProblems.NoEpoch);
        if (epoch > log.Epoch)
        {
            log.IsStale = true; // it may have begun since this process last looked
            log = (await logs.FindAsync(tenantId, http.RequestAborted))!;
        }

        if (Refusal(http, log, epoch) is { } refusal) return refusal;

        http.Features.Set(log);
        return await next(context);
    }

    /// <summary>Answers a request that ran into something altered after its endpoint had returned.</summary>
    public Task AnswerAsync(HttpContext http, TenantLog log, AuditAlteredException e)
    {
        Alarm(log.TenantId, e.Position);
        return Problems.WriteAsync(http, AuditProblems.Altered);
    }

    /// <summary>Tells whoever runs the service that something of a log was altered.</summary>
    public void Alarm(string tenantId, long? position) => Altered(logger, tenantId, position);

    /// <summary>The log that the request is about.</summary>
    public static TenantLog Log(HttpContext http) =>
        http.Features.Get<TenantLog>() ?? throw new InvalidOperationException($"{nameof(AuditAccess)} did not run");

    /// <summary>
    /// Each resource has one path. Routing would take a slash behind it, and capitals, as well. An event's id, which comes
    /// last, is the endpoint's to refuse: it says what an id looks like.
    /// </summary>
    static bool IsSpeltAsServed(HttpContext http)
    {
        if (http.Request.Path.Value is not [.., not '/'] path) return false;
        var fixedPart = http.Request.RouteValues.ContainsKey("event_id") ? path.AsSpan(0, path.LastIndexOf('/')) : path;
        return !fixedPart.ContainsAnyInRange('A', 'Z');
    }

    /// <summary>The epoch that the path names; null when it names none that can be.</summary>
    static int? EpochOf(HttpContext http)
    {
        if (http.Request.RouteValues["epoch"] is not string text) return 1;
        return text is [>= '1' and <= '9', ..] && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) && epoch >= 2
                ? epoch
                : null;
    }

    static IResult? Refusal(HttpContext http, TenantLog log, int epoch)
    {
        if (epoch == log.Epoch) return null;
        if (epoch > log.Epoch) return Problems.Answer(AuditProblems.NoEpoch);

        http.Response.Headers.Link = $"<{AuditModule.PrefixOf(log)}/checkpoint>; rel=\"successor-version\"";
        return Problems.Answer(AuditProblems.Moved(log.Origin));
    }

    [LoggerMessage(31, LogLevel.Critical, "The audit log of {TenantId} was altered at position {Position}: run stet audit selfcheck")]
    static partial void Altered(ILogger logger, string tenantId, long? position);
}
