using System.Net.Http.Json;
using System.Text.Json;

namespace AllergyBot;

/// <summary>The few calls that the story makes, for one patient and one enforcer.</summary>
sealed class StetClient : IDisposable
{
    const string Enforcer = "/v1/enforcement/systems/allergy-enforcer";

    static readonly string[] Readers = ["allergy-bot"];

    readonly HttpClient http;
    readonly string patient = $"p-{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}";

    public StetClient(Uri url)
    {
        http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(5) };

        // In Development the service believes this header; in production the tenant comes from the bearer token.
        http.DefaultRequestHeaders.Add("X-Tenant-Id", "a11e9b07-0000-4000-8000-000000000001");
    }

    public Task CorrectAsync(string field, string value, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, "/v1/corrections", new
        {
            subject = new { type = "patient", id = patient },
            field_key = field,
            value,
            @class = "FACT",
            permissions = new { readers = Readers },
            actor = new { type = "human", id = "dr-ada" },
            idempotency_key = $"{patient}/{field}",
        }, cancel);

    /// <summary>The corrected facts about the patient, ready for a prompt.</summary>
    public Task<string> ContextAsync(CancellationToken cancel) =>
        SendAsync(HttpMethod.Get, $"/v1/facts/context?subject_type=patient&subject_id={patient}&requester_id=allergy-bot", null, cancel);

    /// <summary>Expects a report of the enforcer every so many seconds, and forgives one that is missing.</summary>
    public Task RegisterEnforcerAsync(int intervalSeconds, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, Enforcer, new { interval_seconds = intervalSeconds, grace_multiplier = 2 }, cancel);

    public Task RetireEnforcerAsync(CancellationToken cancel) => SendAsync(HttpMethod.Delete, Enforcer, null, cancel);

    /// <summary>Reports that the enforcer obeys all corrections up to a time.</summary>
    public Task ReportAsync(DateTimeOffset enforced, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, "/v1/enforcement/heartbeat", new { system_id = "allergy-enforcer", enforced_correction_version = enforced }, cancel);

    /// <summary>OK, STALE or MISSING.</summary>
    public async Task<string> StatusAsync(CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse(await SendAsync(HttpMethod.Get, "/v1/enforcement/status?system_id=allergy-enforcer", null, cancel));
        return answer.RootElement.GetProperty("systems")[0].GetProperty("status").GetString()!;
    }

    /// <summary>NONE, WARN or CRITICAL.</summary>
    public async Task<string> EscalationAsync(CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse(await SendAsync(HttpMethod.Get, "/v1/enforcement/escalation?system_id=allergy-enforcer", null, cancel));
        return answer.RootElement.GetProperty("escalation").GetString()!;
    }

    public void Dispose() => http.Dispose();

    async Task<string> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request, cancel);
        var answer = await response.Content.ReadAsStringAsync(cancel);
        return response.IsSuccessStatusCode ? answer : throw new HttpRequestException($"{method} {path} answered {(int)response.StatusCode}: {answer}");
    }
}
