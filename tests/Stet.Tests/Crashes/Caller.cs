using System.Net.Http.Json;
using System.Text.Json;

namespace Stet.Tests.Crashes;

/// <summary>Talks to a service that may be killed at any moment.</summary>
static class Caller
{
    /// <summary>Records a correction whose subject is named like its idempotency key; null when the outcome is unknown.</summary>
    public static async Task<(string Id, long Position)?> TryRecordAsync(HttpClient client, string key) =>
        await TryPostAsync(client, "/v1/corrections", key) is { } text && JsonDocument.Parse(text).RootElement is var receipt
            ? (receipt.GetProperty("correction_id").GetString()!, receipt.GetProperty("position").GetInt64())
            : null;

    /// <summary>The same, with a receipt in the answer, which is returned whole.</summary>
    public static Task<string?> TryRecordWithReceiptAsync(HttpClient client, string key) =>
        TryPostAsync(client, "/v1/corrections?receipt=true", key);

    /// <summary>The body of what is there; null when nobody answers just now, or there is nothing yet.</summary>
    public static async Task<string?> TryGetAsync(HttpClient client, string path) =>
        await AnswerAsync(() => client.GetAsync(new Uri(path, UriKind.Relative)), 503, 404);

    static Task<string?> TryPostAsync(HttpClient client, string path, string key) =>
        AnswerAsync(() => client.PostAsync(new Uri(path, UriKind.Relative), JsonContent.Create(new
        {
            subject = new { type = "crash", id = key },
            field_key = "field",
            value = key,
            @class = "FACT",
            permissions = new { readers = new[] { "bot" } },
            actor = new { type = "test", id = "caller" },
            idempotency_key = key,
        })), 503);

    static async Task<string?> AnswerAsync(Func<Task<HttpResponseMessage>> ask, params int[] passing)
    {
        try
        {
            using var answer = await ask();
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode) return text;

            ((int)answer.StatusCode).ShouldBeOneOf(passing, text);
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return null; // nobody is there just now
        }
    }
}
