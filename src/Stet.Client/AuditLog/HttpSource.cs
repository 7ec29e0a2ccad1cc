using System.Net;

namespace Stet.Client.AuditLog;

sealed class HttpSource(HttpClient client, Uri log, TimeProvider clock) : AuditLogSource
{
    const int MaxAttempts = 5;

    static readonly TimeSpan firstPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan longestPause = TimeSpan.FromSeconds(30);
    static readonly TimeSpan longestAttempt = TimeSpan.FromSeconds(60);

    readonly Uri prefix = WithSlash(log);

    internal override int Parallelism => 8;

    /// <summary>A client that stays with the host it was given: its headers may hold a credential.</summary>
    public static HttpClient CreateClient(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        });
        foreach (var (name, value) in headers)
        {
            if (!client.DefaultRequestHeaders.TryAddWithoutValidation(name, value))
                throw AuditException.Usage($"`{name}` is no header of a request.");
        }

        return client;
    }

    public static Uri WithSlash(Uri log) => log.AbsolutePath.EndsWith('/') ? log : new UriBuilder(log) { Path = log.AbsolutePath + "/" }.Uri;

    internal override async ValueTask<PooledBytes?> TryReadAsync(string path, int limit, CancellationToken cancel)
    {
        var pause = firstPause;
        for (var attempt = 1; ; attempt++)
        {
            using var attemptEnds = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            attemptEnds.CancelAfter(longestAttempt);
            try
            {
                using var response = await client.GetAsync(new Uri(prefix, path), HttpCompletionOption.ResponseHeadersRead, attemptEnds.Token);
                if (response.StatusCode == HttpStatusCode.OK) return await ReadBodyAsync(response, path, limit, attemptEnds.Token);
                if (response.StatusCode == HttpStatusCode.NotFound) return null;
                if (!IsPassing(response.StatusCode) || attempt == MaxAttempts) throw Status(path, response.StatusCode);

                if (response.Headers.RetryAfter?.Delta is { } asked) pause = asked < longestPause ? asked : longestPause;
            }
            catch (Exception e) when (IsNetwork(e, cancel))
            {
                if (attempt == MaxAttempts) throw AuditException.Unavailable($"`{path}` cannot be fetched: {e.Message}", e);
            }

            await Task.Delay(pause, clock, cancel);
            pause = pause * 2 < longestPause ? pause * 2 : longestPause;
        }
    }

    public static AuditException Status(string path, HttpStatusCode status) => status switch
    {
        HttpStatusCode.Gone => AuditException.Ended($"`{path}` answers 410: this history has ended; the log goes on under another origin."),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            AuditException.Unavailable($"`{path}` answers {(int)status}: give a credential with --header."),
        _ => AuditException.Unavailable($"`{path}` answers {(int)status} instead of 200."),
    };

    /// <summary>Time-outs are cancellations that nobody asked for.</summary>
    public static bool IsNetwork(Exception e, CancellationToken cancel) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested);

    static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    static async Task<PooledBytes> ReadBodyAsync(HttpResponseMessage response, string path, int limit, CancellationToken cancel)
    {
        var bytes = new PooledBytes(8192 + 1);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancel);
            while (await body.ReadAsync(bytes.Free, cancel) is > 0 and var read)
            {
                bytes.Advance(read);
                if (bytes.Length > limit) throw TooLong(path, limit);
                if (bytes.Free.IsEmpty) bytes.Grow();
            }

            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private protected override void Dispose(bool disposing)
    {
        if (disposing) client.Dispose();
        base.Dispose(disposing);
    }
}
