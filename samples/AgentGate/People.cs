using Stet.Client.Api;

namespace AgentGate;

/// <summary>A tenant of its own, and those who act in it, each in their own name.</summary>
sealed class People(Uri url) : IDisposable
{
    readonly string tenantId = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("D");
    readonly List<HttpClient> connections = [];

    public StetClient As(string actor)
    {
        // In Development the service believes these headers; in production both come from the bearer token.
        var http = new HttpClient
        {
            BaseAddress = url,
            Timeout = TimeSpan.FromSeconds(10),
            DefaultRequestHeaders = { { "X-Tenant-Id", tenantId }, { "X-Actor", actor } },
        };
        connections.Add(http);
        return new StetClient(http);
    }

    public void Dispose() => connections.ForEach(http => http.Dispose());
}
