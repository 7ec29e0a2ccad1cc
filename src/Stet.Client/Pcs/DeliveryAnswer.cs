namespace Stet.Client.Pcs;

/// <summary>What the answer to one attempt means for the document.</summary>
enum DeliveryMeaning
{
    /// <summary>Recorded: accepted or escalated.</summary>
    Delivered,

    /// <summary>Refused for good.</summary>
    Refused,

    /// <summary>The service cannot take it now: 429, 503, or there is no answer. Its fault, never the document's.</summary>
    Later,

    /// <summary>No verdict came of it: 408, another 5xx, or no JSON. Perhaps the document's fault.</summary>
    Unclear,
}

/// <summary>The answer to one attempt.</summary>
/// <param name="Meaning">What it means.</param>
/// <param name="Status">Null without an answer.</param>
/// <param name="Outcome"><c>ACCEPTED</c> or <c>ESCALATED</c>, if it says so.</param>
/// <param name="Position">Position of the event in the tenant's log, if it says so.</param>
/// <param name="Code">Code of the problem, if it is one; of the first reason, if the document was escalated.</param>
/// <param name="Detail">What it says about that, or what went wrong on the way.</param>
/// <param name="RetryAfter">For how long the service wants no further attempt.</param>
sealed record DeliveryAnswer(
    DeliveryMeaning Meaning, int? Status = null, string? Outcome = null, long? Position = null, string? Code = null,
    string? Detail = null, TimeSpan RetryAfter = default)
{
    const int GreatestDetail = 1000;

    public static DeliveryAnswer Nothing(string why) => new(DeliveryMeaning.Later, Detail: why);

    /// <summary>What a status and a body mean.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The beginning of the body.</param>
    /// <param name="pcsId">The document's identity; an answer that names another one is for another document.</param>
    /// <param name="retryAfter">What <c>Retry-After</c> says.</param>
    public static DeliveryAnswer Of(int status, ReadOnlyMemory<byte> body, string? pcsId, TimeSpan retryAfter)
    {
        using var json = OutboxJson.TryParse(body);
        string? Text(ReadOnlySpan<byte> name) => json is null ? null : OutboxJson.Text(json.RootElement, name);

        if (status is 200 or 202)
        {
            var named = Text("pcs_id"u8);
            if (json is null) return new(DeliveryMeaning.Unclear, status, Detail: "the answer is not JSON");
            if (named is not null && named != pcsId)
                return new(DeliveryMeaning.Unclear, status, Detail: "the answer is about another document");

            var escalation = OutboxJson.Items(json.RootElement, "reasons"u8)
                .Where(r => OutboxJson.Text(r, "severity"u8) == "escalation").Select(r => OutboxJson.Text(r, "code"u8)).FirstOrDefault();
            return new(
                DeliveryMeaning.Delivered, status, Text("outcome"u8), OutboxJson.Integer(json.RootElement, "position"u8), escalation,
                escalation is null ? null : Short(Text("reason"u8)));
        }

        var meaning = status switch
        {
            429 or 503 => DeliveryMeaning.Later,
            408 => DeliveryMeaning.Unclear,
            >= 400 and < 500 => DeliveryMeaning.Refused,
            _ => DeliveryMeaning.Unclear,
        };
        return new(
            meaning, status, Code: Text("code"u8) ?? $"http_{status}", Detail: Short(Text("detail"u8) ?? Text("title"u8)),
            RetryAfter: meaning == DeliveryMeaning.Later ? retryAfter : default);
    }

    static string? Short(string? text) => text?.Length > GreatestDetail ? text[..GreatestDetail] : text;
}
