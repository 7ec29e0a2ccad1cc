using System.Net;
using System.Text.Json;
using Stet.Client.AuditLog.CommandLine;

namespace Stet.Client.AuditLog;

sealed class HttpSource(HttpClient client, Uri log, TimeProvider clock, IProgress<string>? waits) : AuditLogSource
{
    const int MaxAttempts = 5;
    const int MaxProblem = 16 * 1024;
    const int MaxReason = 500;

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

            // The value may be a credential: it stays out of the message.
            if (value.Any(c => c is not ('\t' or (>= ' ' and <= '~'))))
                throw AuditException.Usage($"The value of the header `{name}` has characters other than those of ASCII.");
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
            string reason;
            try
            {
                using var response = await client.GetAsync(new Uri(prefix, path), HttpCompletionOption.ResponseHeadersRead, attemptEnds.Token);
                if (response.StatusCode == HttpStatusCode.OK) return await ReadBodyAsync(response, path, limit, attemptEnds.Token);
                if (response.StatusCode == HttpStatusCode.NotFound) return null;
                var failure = await StatusAsync(path, response, attemptEnds.Token);
                if (!IsPassing(response.StatusCode) || attempt == MaxAttempts) throw failure;

                reason = failure.Message;
                if (response.Headers.RetryAfter?.Delta is { } asked && asked > pause) pause = asked < longestPause ? asked : longestPause;
            }
            catch (Exception e) when (IsNetwork(e, cancel))
            {
                reason = $"`{path}` cannot be fetched: {e.Message}";
                if (attempt == MaxAttempts) throw AuditException.Unavailable(reason, e);
            }

            waits?.Report($"{reason.TrimEnd('.')}; waiting {pause.TotalSeconds:0.##} s");
            await Task.Delay(pause, clock, cancel);
            pause = pause * 2 < longestPause ? pause * 2 : longestPause;
        }
    }

    /// <summary>What an answer that is no success means, with the reason that its problem document gives.</summary>
    public static async Task<AuditException> StatusAsync(string path, HttpResponseMessage response, CancellationToken cancel) => response.StatusCode switch
    {
        HttpStatusCode.Gone => AuditException.Ended($"`{path}` answers 410: this history has ended; the log goes on under another origin."),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            AuditException.Unavailable($"`{path}` answers {(int)response.StatusCode}: give a credential with --header."),
        var status => AuditException.Unavailable($"`{path}` answers {(int)status} instead of 200{await ReasonAsync(response, cancel)}."),
    };

    /// <summary>Time-outs are cancellations that nobody asked for.</summary>
    public static bool IsNetwork(Exception e, CancellationToken cancel) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested);

    /// <summary>Code and detail of a problem document (RFC 9457), after a colon; empty when there is none.</summary>
    static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json") return "";

        try
        {
            using var body = await ReadBodyAsync(response, "problem", MaxProblem, cancel);
            using var json = JsonDocument.Parse(body.Span.ToArray());
            var reason = string.Join(": ", new[] { Text("code"), Text("detail") ?? Text("title") }.Where(text => !string.IsNullOrEmpty(text)));

            reason = TerminalText.Of(reason).TrimEnd('.');
            return reason.Length == 0 ? "" : $": {(reason.Length > MaxReason ? reason[..MaxReason] : reason)}";

            string? Text(string name) =>
                json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out var text)
                    && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or AuditException or IOException)
        {
            return "";
        }
    }

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
        catch (Exception e)
        {
            bytes.Dispose();
            if (e is InvalidDataException) throw new IOException($"the compressed answer is damaged: {e.Message}", e);
            throw;
        }
    }

    private protected override void Dispose(bool disposing)
    {
        if (disposing) client.Dispose();
        base.Dispose(disposing);
    }
}
