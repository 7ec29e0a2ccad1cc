using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Stet;

/// <summary>Writes a <see cref="Problem"/> as an RFC 9457 problem document (<c>application/problem+json</c>).</summary>
public static class Problems
{
    // The media type is never rendered as HTML, and the default encoder would turn every backtick into \u0060.
    static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The problem as the answer of an endpoint.</summary>
    public static IResult Answer(Problem problem) => new ProblemAnswer(problem);

    /// <summary>Answers the request with the problem; the response must not have started.</summary>
    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, Readable))
            Write(json, problem);

        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = "application/problem+json";
        response.ContentLength = body.WrittenCount;
        if (problem.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString();

        return response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted).AsTask();
    }

    static void Write(Utf8JsonWriter json, Problem problem)
    {
        json.WriteStartObject();
        json.WriteString("type", $"urn:stet:problem:{problem.Code}");
        json.WriteString("title", problem.Title);
        json.WriteNumber("status", problem.Status);
        json.WriteString("detail", problem.Detail);
        json.WriteString("code", problem.Code);

        if (problem.Errors.Count > 0)
        {
            json.WriteStartArray("errors");
            foreach (var error in problem.Errors)
            {
                json.WriteStartObject();
                json.WriteString("pointer", error.Pointer);
                json.WriteString("message", error.Message);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }

        problem.WriteMembers?.Invoke(json);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
            json.WriteString("trace_id", activity.TraceId.ToHexString());

        json.WriteEndObject();
    }

    sealed class ProblemAnswer(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, problem);
    }
}
