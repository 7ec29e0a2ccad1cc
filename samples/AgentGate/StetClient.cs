using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentGate;

/// <summary>The few calls that the story makes, each in somebody's name, for a tenant of its own.</summary>
sealed class StetClient : IDecisionPoint, IDisposable
{
    const string Gateway = "gateway";

    static readonly TimeSpan betweenLooks = TimeSpan.FromMilliseconds(200);

    readonly HttpClient http;

    public StetClient(Uri url)
    {
        http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };

        // In Development the service believes this header, and X-Actor; in production both come from the bearer token.
        http.DefaultRequestHeaders.Add("X-Tenant-Id", Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("D"));
    }

    public async Task<Answer> EvaluateAsync(JsonObject question, CancellationToken cancel)
    {
        var answer = await SendAsync(Gateway, HttpMethod.Post, "/access/v1/evaluation", question, cancel);
        var context = answer.TryGetProperty("context", out var given) ? given : default;
        return new Answer(
            answer.GetProperty("decision").GetBoolean(),
            context.ValueKind == JsonValueKind.Object && context.TryGetProperty("obligations", out var obligations) ? obligations.GetArrayLength() : 0,
            context.ValueKind == JsonValueKind.Object && context.TryGetProperty("access_request", out var offer)
                ? new Denial(context.GetProperty("evaluation_id").GetString()!, offer.GetProperty("expires_at").GetString()!)
                : null);
    }

    public async Task<JsonNode?> RequestAsync(JsonObject question, Denial denial, CancellationToken cancel)
    {
        var body = question.DeepClone().AsObject();
        body["denial"] = new JsonObject { ["evaluation_id"] = denial.EvaluationId, ["expires_at"] = denial.ExpiresAt };
        var answer = await SendAsync(Gateway, HttpMethod.Post, "/access/v1/requests", body, cancel);
        while (answer.GetProperty("task").GetProperty("status").GetString() == "pending")
        {
            await Task.Delay(betweenLooks, cancel);
            answer = await SendAsync(Gateway, HttpMethod.Get, $"/access/v1/requests/{denial.EvaluationId}", null, cancel);
        }

        return answer.TryGetProperty("result", out var result) && result.GetProperty("mode").GetString() == "reevaluate"
            ? JsonNode.Parse(result.GetProperty("approval").GetRawText())
            : null;
    }

    /// <summary>Approves the access request that waits, as soon as there is one.</summary>
    /// <returns>What was asked for.</returns>
    public async Task<string> ApproveWaitingAsync(string person, CancellationToken cancel)
    {
        while (true)
        {
            var waiting = await SendAsync(person, HttpMethod.Get, "/v1/policy/access-requests", null, cancel);
            if (waiting.GetProperty("access_requests").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } request)
            {
                await SendAsync(
                    person, HttpMethod.Post, $"/v1/policy/access-requests/{request.GetProperty("id").GetString()}/approval",
                    new JsonObject { ["note"] = "the kettle did arrive broken" }, cancel);
                return request.GetProperty("scope").GetProperty("resource_id").GetString()!;
            }

            await Task.Delay(betweenLooks, cancel);
        }
    }

    /// <summary>Has all decisions evaluated again, from what was recorded with them.</summary>
    public async Task<string> ReplayAsync(CancellationToken cancel)
    {
        var audit = await SendAsync("auditor", HttpMethod.Post, "/v1/policy/audit", new JsonObject { ["from"] = 1 }, cancel);
        var progress = audit.GetProperty("progress");
        return $"has {progress.GetProperty("decisions")} decisions on record, and evaluates them again: {progress.GetProperty("mismatches")} came out otherwise";
    }

    /// <summary>Sends a request in somebody's name.</summary>
    /// <exception cref="HttpRequestException">It was refused, or nobody answered.</exception>
    public async Task<JsonElement> SendAsync(string actor, HttpMethod method, string path, JsonNode? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-Actor", actor);
        using var response = await http.SendAsync(request, cancel);
        var answer = await response.Content.ReadAsStringAsync(cancel);
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(answer).RootElement
            : throw new HttpRequestException($"{method} {path} answered {(int)response.StatusCode}: {answer}");
    }

    public void Dispose() => http.Dispose();
}
