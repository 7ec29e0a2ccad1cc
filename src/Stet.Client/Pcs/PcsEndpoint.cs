using System.Net;
using System.Net.Http.Headers;

namespace Stet.Client.Pcs;

/// <summary>A service that takes documents.</summary>
/// <param name="http">
/// Sends the requests, with what identifies the tenant among its default headers. Follows no redirects, and has no
/// time-out of its own that is shorter than 30 seconds. Stays the caller's.
/// </param>
/// <param name="service">The service's address, http:// or https://; documents go to <c>v1/pcs/submit</c> below it.</param>
/// <param name="clock">For time-outs and for the difference to the service's clock.</param>
public sealed class PcsEndpoint(HttpClient http, Uri service, TimeProvider clock)
{
    /// <summary>How long an attempt may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    const int GreatestBody = 256 * 1024;

    readonly Uri submit = ServiceAddress.Below(service, "v1/pcs/submit");
    long clockSkew;

    /// <summary>This machine's clock minus the service's, by the last answer; zero before.</summary>
    public TimeSpan ClockSkew => TimeSpan.FromMilliseconds(Interlocked.Read(ref clockSkew));

    /// <summary>A client as an agent needs it: it follows no redirects and lets connections live for five minutes.</summary>
    /// <param name="headers">Sent with each request, such as <c>X-Tenant-Id</c> or <c>Authorization</c>.</param>
    public static HttpClient CreateClient(params IEnumerable<KeyValuePair<string, string>> headers) =>
        CreateClient(CreateHandler(), headers);

    /// <summary>The same for a service that wants an access token.</summary>
    /// <param name="accessToken">Asked for each request: one that was renewed is used from then on.</param>
    /// <param name="headers">Sent with each request, such as <c>X-Tenant-Id</c>.</param>
    public static HttpClient CreateClient(Func<string> accessToken, params IEnumerable<KeyValuePair<string, string>> headers) =>
        CreateClient(new Bearer(accessToken, CreateHandler()), headers);

    /// <summary>Sends a document once. Only the caller's cancellation is an exception.</summary>
    internal async Task<DeliveryAnswer> SubmitAsync(ReadOnlyMemory<byte> document, string? pcsId, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, submit) { Content = new ReadOnlyMemoryContent(document) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var now = clock.GetUtcNow();
            if (response.Headers.Date is { } date) Interlocked.Exchange(ref clockSkew, (long)(now - date).TotalMilliseconds);

            var body = await ReadAsync(response, either.Token);
            var answer = DeliveryAnswer.Of((int)response.StatusCode, body, pcsId, RetryAfter(response.Headers, now));

            // No problem of a document's.
            return response.StatusCode == HttpStatusCode.NotFound && answer.Code is "not_found" or "http_404"
                ? answer with { Detail = $"there is nothing at {submit.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped)}: the path of the service's address is wrong" }
                : answer;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return DeliveryAnswer.Nothing(e.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return DeliveryAnswer.Nothing($"no answer within {Patience.TotalSeconds} seconds");
        }
    }

    static SocketsHttpHandler CreateHandler() =>
        new() { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };

    static HttpClient CreateClient(HttpMessageHandler handler, IEnumerable<KeyValuePair<string, string>> headers)
    {
        var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        foreach (var (name, value) in headers) client.DefaultRequestHeaders.Add(name, value);
        return client;
    }

    static TimeSpan RetryAfter(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (headers.RetryAfter is not { } asked) return IsHuge(headers) ? TimeSpan.MaxValue : default;

        var wait = asked.Delta ?? asked.Date - now ?? default;
        return wait < TimeSpan.Zero ? default : wait;
    }

    /// <summary>Whether <c>Retry-After</c> names more seconds than .NET can read.</summary>
    static bool IsHuge(HttpResponseHeaders headers) =>
        headers.NonValidated.TryGetValues("Retry-After", out var values) && values.ToString() is [_, ..] text && text.All(char.IsAsciiDigit);

    /// <summary>No more of it than an answer of the service has.</summary>
    static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var bytes = new byte[4096];
        var length = 0;
        while (length <= GreatestBody && await body.ReadAsync(bytes.AsMemory(length), cancel) is > 0 and var read)
        {
            length += read;
            if (length == bytes.Length) Array.Resize(ref bytes, 2 * length);
        }

        return bytes.AsMemory(0, length);
    }

    sealed class Bearer(Func<string> accessToken, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken());
            return base.SendAsync(request, cancellationToken);
        }
    }
}
