using Microsoft.OpenApi;

namespace Stet.Http;

/// <summary>A header that a route puts on its answers.</summary>
/// <param name="Name">The header.</param>
/// <param name="Statuses">Of the answers that may have it.</param>
sealed record AnswerHeader(string Name, params string[] Statuses);

/// <summary>The headers of requests and answers.</summary>
public static partial class OpenApi
{
    const string IdempotencyKey = "Idempotency-Key";
    const string Prefer = "Prefer";
    const string RequestId = "X-Request-ID";
    const string IfNoneMatch = "If-None-Match";

    /// <summary>Describes a header that a route puts on its answers of these statuses.</summary>
    public static RouteHandlerBuilder WithAnswerHeader(this RouteHandlerBuilder route, string name, params int[] statuses) =>
        route.WithMetadata(new AnswerHeader(name, [.. statuses.Select(s => $"{s}")]));

    static void DescribeHeaders(OpenApiOperation operation, IEnumerable<AnswerHeader> declared, bool isLimited)
    {
        var takes = (operation.Parameters ?? []).Where(p => p.In == ParameterLocation.Header).Select(p => p.Name).ToHashSet();
        var isTagged = operation.Responses!.ContainsKey("304");
        foreach (var (status, response) in operation.Responses)
        {
            if (response is not OpenApiResponse answer) continue;

            var isProblem = answer.Content?.ContainsKey(ProblemType) == true;
            string[] general =
            [
                .. ShowsPosition(status == "304" ? operation.Responses["200"] : answer) ? ["Stet-Position"] : Nothing,
                .. isTagged && status is "200" or "304" ? ["ETag"] : Nothing,
                .. takes.Contains(Prefer) && status[0] == '2' ? ["Preference-Applied"] : Nothing,
                .. status is "401" or "403" && isProblem ? ["WWW-Authenticate"] : Nothing,
                .. status is "429" or "503" && isProblem ? ["Retry-After"] : Nothing,
                .. (isLimited && status != "401") || (status == "429" && isProblem) ? ["RateLimit-Policy", "RateLimit"] : Nothing,
                .. status == "410" ? ["Link"] : Nothing,
                .. takes.Contains(RequestId) ? [RequestId] : Nothing,
            ];
            foreach (var name in general.Concat(declared.Where(h => h.Statuses.Contains(status)).Select(h => h.Name)))
            {
                answer.Headers ??= new Dictionary<string, IOpenApiHeader>();
                answer.Headers[name] = AnswerHeaderOf(name);
            }
        }

        // What is sent as bytes tells no position, nor does what is open to all.
        bool ShowsPosition(IOpenApiResponse answer) =>
            (isLimited || takes.Contains(Prefer))
            && answer.Content?.Keys.Any(type => type is "application/json" or "application/x-ndjson" or "text/markdown" or "text/plain") == true;
    }

    static string[] Nothing => [];

    static OpenApiHeader AnswerHeaderOf(string name) => new()
    {
        Description = name switch
        {
            "Stet-Position" => "The log position that the answer reflects.",
            "ETag" => "Strong, of exactly these bytes; `If-None-Match` takes it.",
            "Vary" => "The request headers that the answer depends on.",
            "Location" => "Path of what was asked for.",
            "Link" => "The log that goes on, as `successor-version`.",
            "Preference-Applied" => "`receipt`, when a receipt was asked for.",
            "WWW-Authenticate" => "What credential is needed.",
            "Retry-After" => "Seconds after which to try again.",
            "RateLimit-Policy" => "The limit that holds (draft-ietf-httpapi-ratelimit-headers).",
            "RateLimit" => "What remains of it, once the caller is known.",
            "Stet-Duplicate" => "`true`: this content came before, and this is its first answer.",
            "Stet-Evaluation-Id" => "Names the recorded decision; not where a batch has items.",
            "Stet-As-Of" => "The position that the answer speaks of.",
            "Stet-Estimated-Tokens" => "With `text/markdown` alone: at most what the block takes.",
            RequestId => "The request's own, when it has one of ASCII.",
            _ => throw new ArgumentException($"nothing is known of `{name}`", nameof(name)),
        },
        Schema = name switch
        {
            "Stet-Position" or "Stet-As-Of" or "Retry-After" or "Stet-Estimated-Tokens" => OpenApiShapes.Number(0),
            "Stet-Evaluation-Id" => OpenApiShapes.Text("uuid"),
            _ => OpenApiShapes.Text(),
        },
    };

    static OpenApiParameter RequestHeader(string name) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = name switch
        {
            IdempotencyKey => "Makes it safe to repeat: the same key and body get the first answer. 1 to 200 visible ASCII characters.",
            "X-Correlation-Id" => "Stored with the events: what they belong to. 1 to 200 visible ASCII characters.",
            "X-Causation-Id" => "Stored with the events: what they come from. 1 to 200 visible ASCII characters.",
            Prefer => "`receipt`: the answer has a member `receipts`, with a proof for each event that it is in the audit log. `?receipt=true` asks for the same.",
            RequestId => "Comes back with the answer.",
            IfNoneMatch => "Tags of answers that the client has: 304 when one of them would come again.",
            _ => "The tenant, where no access token names it.",
        },
        Schema = OpenApiShapes.Text(),
    };
}

/// <summary>Headers that a route takes and reads by hand.</summary>
/// <param name="Names">Their names.</param>
sealed record RequestHeaders(params string[] Names)
{
    /// <summary>What every write takes beside its body.</summary>
    public static string[] OfWrites { get; } = ["X-Correlation-Id", "X-Causation-Id", "Prefer"];
}
