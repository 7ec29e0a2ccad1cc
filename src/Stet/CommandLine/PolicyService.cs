using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Stet.CommandLine;

/// <summary>Which service a verb of <c>stet policy</c> talks to, and as whom.</summary>
static class PolicyServiceOptions
{
    public static readonly Option<string[]> Service = PolicyOptionsOf.Text("--service", "URL of a service, such as http://127.0.0.1:8080", "URL");

    public static readonly Option<string[]> Headers = PolicyOptionsOf.Text(
        "--header", "A header of every request, such as `Authorization: Bearer ...`; repeat it", "NAME: VALUE");

    public static IEnumerable<Symbol> All => [Service, Headers];
}

/// <summary>A service that is spoken to over HTTP. What goes wrong is said in one message.</summary>
sealed class PolicyService : IDisposable
{
    readonly HttpClient http;
    readonly Uri url;

    PolicyService(HttpClient http, Uri url) => (this.http, this.url) = (http, url);

    /// <exception cref="PolicyCommandException">The options are missing or malformed.</exception>
    public static PolicyService Of(ParseResult arguments)
    {
        var text = arguments.One(PolicyServiceOptions.Service)
            ?? throw new PolicyCommandException("`--service` is missing: the URL of a service.");
        if (!Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Query.Length > 0)
            throw new PolicyCommandException("`--service` must be a URL such as http://127.0.0.1:8080.");

        // It stays with the service it was given: its headers may hold a credential.
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = url, Timeout = TimeSpan.FromMinutes(10) };
        foreach (var header in arguments.GetValue(PolicyServiceOptions.Headers) ?? [])
        {
            // The value may be a credential: it stays out of the message.
            if (header.Split(':', 2) is not [var name, var value] || !client.DefaultRequestHeaders.TryAddWithoutValidation(name.Trim(), value.Trim()))
                throw new PolicyCommandException("`--header` needs `Name: value`.");
        }

        return new PolicyService(client, url);
    }

    /// <summary>Asks for something that is there.</summary>
    /// <exception cref="PolicyCommandException">It was refused, or nobody answered.</exception>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancel) => AnswerAsync(HttpMethod.Get, path, null, [], cancel);

    /// <summary>Asks for something that may not be there; null when it is not, or nobody answers.</summary>
    public async Task<JsonElement?> FindAsync(string path, CancellationToken cancel)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancel);
            return response.IsSuccessStatusCode ? JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancel)).RootElement : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Has something done.</summary>
    /// <param name="path">Relative to the service's URL.</param>
    /// <param name="body">JSON.</param>
    /// <param name="accepted">Codes of problems that are answers, too.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="PolicyCommandException">It was refused, or nobody answered.</exception>
    public Task<JsonElement> PostAsync(string path, byte[] body, IReadOnlyList<string> accepted, CancellationToken cancel) =>
        AnswerAsync(HttpMethod.Post, path, body, accepted, cancel);

    public void Dispose() => http.Dispose();

    async Task<JsonElement> AnswerAsync(HttpMethod method, string path, byte[]? body, IReadOnlyList<string> accepted, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            using var response = await http.SendAsync(request, cancel);
            if ((int)response.StatusCode is >= 300 and < 400)
                throw new PolicyCommandException($"{url} answers {method} {path} with {(int)response.StatusCode}, and no redirect is followed: name the service itself.");

            var text = await response.Content.ReadAsByteArrayAsync(cancel);
            var answer = JsonDocument.Parse(text).RootElement;
            if (response.IsSuccessStatusCode || (CodeOf(answer) is { } code && accepted.Contains(code))) return answer;

            throw new PolicyCommandException(
                $"{url} refused {method} {path} with {(int)response.StatusCode}: {DetailOf(answer)}");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new PolicyCommandException($"{url} does not answer as Stet does: {e.Message}", e);
        }
    }

    /// <summary>The code of a problem document; null for any other answer.</summary>
    public static string? CodeOf(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String
            ? code.GetString()
            : null;

    static string DetailOf(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("detail", out var detail) ? $"{CodeOf(answer)}: {detail}" : "no reason given";
}
