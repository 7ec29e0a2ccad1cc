using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Stet.Testing;

namespace Stet.Tests.Http;

/// <summary>A tenant of a running service, known to nobody else; spoken to with URLs and JSON.</summary>
sealed class Tenant(HttpClient http)
{
    /// <summary>A trace id that is the client's, so that problem documents compare whole.</summary>
    const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    public static async Task<Tenant> NewAsync() => new((await TestService.SharedAsync()).Client());

    public string Id => http.DefaultRequestHeaders.GetValues("X-Tenant-Id").Single();

    public Task<Answer> GetAsync(string url, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, url, null, headers);

    public Task<Answer> PostAsync(string url, JsonNode body, params (string Name, string Value)[] headers) =>
        PostTextAsync(url, body.ToJsonString(), headers);

    public Task<Answer> PostTextAsync(string url, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, url, Encoding.UTF8.GetBytes(body), headers);

    public async Task<Answer> SendAsync(HttpMethod method, string url, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Add("traceparent", TraceParent);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type") request.Content!.Headers.Remove(name);
            if (value.Length == 0) continue;
            if (name.StartsWith("Content-", StringComparison.Ordinal)) request.Content!.Headers.TryAddWithoutValidation(name, value);
            else request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request);
        return new Answer(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers).ToDictionary(
                h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Records a correction and gives its receipt.</summary>
    public async Task<JsonNode> RecordAsync(JsonNode body)
    {
        var answer = await PostAsync("/v1/corrections", body);
        answer.Status.ShouldBe(201, answer.Text);
        return answer.Json;
    }
}

/// <summary>What a service answered.</summary>
sealed record Answer(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? ETag => Headers.GetValueOrDefault("ETag");

    public string? Code => Headers.GetValueOrDefault("Content-Type") == "application/problem+json" ? (string?)Json["code"] : null;

    /// <summary>The wrong members of a problem document.</summary>
    public string[] Pointers => Json["errors"] is JsonArray errors ? [.. errors.Select(e => (string)e!["pointer"]!)] : [];

    public void ShouldBeProblem(int status, string code)
    {
        Status.ShouldBe(status, Text);
        Headers["Content-Type"].ShouldBe("application/problem+json");
        ((string?)Json["code"]).ShouldBe(code);
        ((string?)Json["type"]).ShouldBe($"urn:stet:problem:{code}");
        ((int)Json["status"]!).ShouldBe(status);
        ((string?)Json["title"]).ShouldNotBeNullOrEmpty();
        ((string?)Json["detail"]).ShouldNotBeNullOrEmpty();
    }
}
