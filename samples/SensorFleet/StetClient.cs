using System.Net.Http.Json;
using System.Text.Json;

namespace SensorFleet;

/// <summary>What an operator asks of the service, for a tenant of this run.</summary>
sealed class StetClient : IDisposable
{
    readonly HttpClient http;

    public StetClient(Uri url)
    {
        http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };

        // In Development the service believes this header; in production the tenant comes from the bearer token.
        http.DefaultRequestHeaders.Add("X-Tenant-Id", Tenant);
    }

    public string Tenant { get; } = $"{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}";

    public Task RegisterKeyAsync(string kid, byte[] publicKey, CancellationToken cancel) => SendAsync(
        HttpMethod.Put, $"/v1/pcs/keys/{kid}",
        new { use = "1.0", alg = "Ed25519", public_key = Convert.ToBase64String(publicKey) }, cancel);

    /// <summary>Why a document was escalated.</summary>
    public async Task<IReadOnlyList<string>> ReasonsAsync(string pcsId, CancellationToken cancel)
    {
        var answer = await SendAsync(HttpMethod.Get, $"/v1/pcs/{pcsId}", body: null, cancel);
        return [.. answer.GetProperty("submissions")[0].GetProperty("reasons").EnumerateArray()
            .Select(reason => $"{reason.GetProperty("code")}, {reason.GetProperty("message")}")];
    }

    public Task RejectAsync(string pcsId, string comment, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"/v1/pcs/{pcsId}/resolve", new { resolution = "rejected", comment }, cancel);

    public async Task<string> SummaryAsync(CancellationToken cancel)
    {
        var answer = await SendAsync(HttpMethod.Get, "/v1/pcs/summary", body: null, cancel);
        return $"{answer.GetProperty("accepted")} accepted, {answer.GetProperty("escalated")} escalated, " +
            $"{answer.GetProperty("open_escalations")} of them open";
    }

    public void Dispose() => http.Dispose();

    async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request, cancel);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{method} {path} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancel)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancel);
    }
}
