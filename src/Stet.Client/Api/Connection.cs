using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Stet.Client.Api;

/// <summary>What all calls share: conditional reads, keyed writes, repetition, problems.</summary>
sealed class Connection
{
    static readonly MediaTypeHeaderValue json = new("application/json");

    readonly HttpClient http;
    readonly StetClientOptions options;
    readonly TimeProvider clock;
    readonly long atLeast;

    public Connection(HttpClient http, StetClientOptions options, TimeProvider clock, ApiJson json, long atLeast = 0)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (http.BaseAddress is null) throw new ArgumentException("The HTTP client needs the service's address as BaseAddress.", nameof(http));

        (this.http, this.options, this.clock, Json, this.atLeast) = (http, options, clock, json, atLeast);
    }

    /// <summary>The shapes of bodies and answers.</summary>
    public ApiJson Json { get; }

    public Connection AtLeast(long position) => new(http, options, clock, Json, position);

    /// <summary>Reads JSON.</summary>
    public Task<Reading<T>> ReadAsync<T>(Target target, JsonTypeInfo<T> shape, Reading<T>? known, CancellationToken cancel) =>
        ReadAsync(target, answer => Parse(answer, shape), known, cancel);

    /// <summary>Reads; a known answer is given again when the service says that it is unchanged.</summary>
    public async Task<Reading<T>> ReadAsync<T>(
        Target target, Func<Answer, T> read, Reading<T>? known, CancellationToken cancel)
    {
        if (atLeast > 0) target.With("min_position", atLeast);
        var answer = await SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, Below(target));
                if (known?.ETag is { } tag) request.Headers.TryAddWithoutValidation("If-None-Match", tag);
                return request;
            },
            cancel);
        if (answer.Status == HttpStatusCode.NotModified && known is not null)
            return known with { Position = answer.Position, IsUnchanged = true };

        ThrowIfRefused(answer);
        return new Reading<T>(read(answer), answer.Position, answer.Header("ETag"));
    }

    /// <summary>All rows of a list, page by page, as they are asked for.</summary>
    public static async IAsyncEnumerable<TRow> EnumerateAsync<TPage, TRow>(
        Func<string?, CancellationToken, Task<Reading<TPage>>> readPage, Func<TPage, (IReadOnlyList<TRow> Rows, string? Next)> open,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        string? cursor = null;
        do
        {
            var (rows, next) = open((await readPage(cursor, cancel)).Value);
            foreach (var row in rows)
            {
                cancel.ThrowIfCancellationRequested();
                yield return row;
            }

            cursor = next;
        }
        while (cursor is not null);
    }

    /// <summary>Writes without a body.</summary>
    public Task<Written<T>> WriteAsync<T>(
        HttpMethod method, Target target, JsonTypeInfo<T> shape, WriteOptions? options, CancellationToken cancel) =>
        WriteAsync(method, target, body: null, shape, options, cancel);

    /// <summary>Writes an object.</summary>
    public Task<Written<TAnswer>> WriteAsync<TBody, TAnswer>(
        HttpMethod method, Target target, TBody body, JsonTypeInfo<TBody> bodyShape, JsonTypeInfo<TAnswer> shape,
        WriteOptions? options, CancellationToken cancel, HttpStatusCode? first = null) =>
        WriteAsync(method, target, JsonSerializer.SerializeToUtf8Bytes(body, bodyShape), shape, options, cancel, first);

    /// <summary>Writes bytes.</summary>
    /// <param name="method">POST carries an idempotency key, the same with each attempt.</param>
    /// <param name="target">Where.</param>
    /// <param name="body">JSON; null: none.</param>
    /// <param name="shape">Of the answer.</param>
    /// <param name="options">What the caller said of it.</param>
    /// <param name="cancel">Ends the wait; what was sent may be recorded all the same.</param>
    /// <param name="first">The status of what is recorded for the first time, where it differs from that of a repetition.</param>
    /// <param name="alsoTakes">A refusal that is answered in the same shape.</param>
    public Task<Written<T>> WriteAsync<T>(
        HttpMethod method, Target target, ReadOnlyMemory<byte>? body, JsonTypeInfo<T> shape, WriteOptions? options,
        CancellationToken cancel, HttpStatusCode? first = null, HttpStatusCode? alsoTakes = null) =>
        WriteAsync(method, target, body, answer => Parse(answer, shape), options, cancel, first, alsoTakes);

    /// <summary>Writes bytes, and reads the answer with more than its body.</summary>
    public async Task<Written<T>> WriteAsync<T>(
        HttpMethod method, Target target, ReadOnlyMemory<byte>? body, Func<Answer, T> read, WriteOptions? options,
        CancellationToken cancel, HttpStatusCode? first = null, HttpStatusCode? alsoTakes = null)
    {
        var key = method == HttpMethod.Post ? options?.IdempotencyKey ?? NewKey() : null;
        var answer = await SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(method, Below(target));
                if (body is { } bytes) request.Content = new ReadOnlyMemoryContent(bytes) { Headers = { ContentType = json } };
                Add(request, "Idempotency-Key", key);
                Add(request, "X-Correlation-Id", options?.CorrelationId);
                Add(request, "X-Causation-Id", options?.CausationId);
                if (options?.Receipt == true) Add(request, "Prefer", "receipt");
                return request;
            },
            cancel);
        if (answer.Status != alsoTakes || answer.MediaType != "application/json") ThrowIfRefused(answer);

        var receipts = options?.Receipt == true ? Parse(answer, Json.ReceiptPart) : null;
        var isRepeated = answer.Header("Stet-Duplicate") is "true" || (first is not null && answer.Status != first);
        return new Written<T>(read(answer), answer.Position, isRepeated)
        {
            Receipts = receipts?.Receipts ?? [],
            ReceiptError = receipts?.ReceiptError,
        };
    }

    /// <summary>Asks with an object, of which nothing is known afterwards.</summary>
    public async Task<Reading<TAnswer>> AskAsync<TBody, TAnswer>(
        Target target, TBody body, JsonTypeInfo<TBody> bodyShape, Func<Answer, TAnswer> read, CancellationToken cancel)
    {
        var asked = await WriteAsync(
            HttpMethod.Post, target, JsonSerializer.SerializeToUtf8Bytes(body, bodyShape), read, options: null, cancel);
        return new Reading<TAnswer>(asked.Value, asked.Position, ETag: null);
    }

    /// <summary>A body that is read as it comes; only the start of it is tried again.</summary>
    public async Task<Stream> StreamAsync(Target target, CancellationToken cancel)
    {
        var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, Below(target)), HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode)
        {
            using (response) ThrowIfRefused(await Answer.OfAsync(response, clock, cancel));
        }

        return await response.Content.ReadAsStreamAsync(cancel);
    }

    Uri Below(Target target) => ServiceAddress.Below(http.BaseAddress!, target.ToString());

    string NewKey() => Guid.CreateVersion7(clock.GetUtcNow()).ToString("D", CultureInfo.InvariantCulture);

    /// <exception cref="ArgumentException">The value is none that the service takes, or would end the header.</exception>
    static void Add(HttpRequestMessage request, string name, string? value)
    {
        if (value is null) return;
        if (value.Length is 0 or > 200 || value.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new ArgumentException($"`{name}` has 1 to 200 visible ASCII characters.", nameof(value));

        request.Headers.TryAddWithoutValidation(name, value);
    }

    async Task<Answer> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancel)
    {
        using var response = await SendAsync(make, HttpCompletionOption.ResponseContentRead, cancel);
        return await Answer.OfAsync(response, clock, cancel);
    }

    /// <summary>Sends until there is an answer that will not pass, as often as the options say.</summary>
    async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, HttpCompletionOption completion, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan? asked = null;
            try
            {
                using var request = make();
                var response = await http.SendAsync(request, completion, cancel);
                asked = Answer.RetryAfter(response, clock);
                if (!IsPassing(response.StatusCode) || attempt >= options.MaxAttempts || asked > options.LongestPause) return response;

                response.Dispose();
            }
            catch (Exception e) when (attempt < options.MaxAttempts && IsBroken(e, cancel))
            {
                // Whether the request was carried out is unknown. Sent again it is carried out once: reads, PUT and
                // DELETE by their nature, what is posted by its key. Evaluations, searches and audits on demand go by
                // no key: they are recorded again.
            }

            await Task.Delay(Pause(attempt, asked), clock, cancel);
        }
    }

    TimeSpan Pause(int attempt, TimeSpan? asked)
    {
        var factor = Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble());
        var seconds = Math.Min(options.FirstPause.TotalSeconds * factor, options.LongestPause.TotalSeconds);
        return TimeSpan.FromSeconds(Math.Max(seconds, asked?.TotalSeconds ?? 0));
    }

    static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>A cancellation that the caller did not ask for is the HTTP client's time-out.</summary>
    static bool IsBroken(Exception e, CancellationToken cancel) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError or HttpRequestError.UserAuthenticationError or HttpRequestError.ConfigurationLimitExceeded } => false,
        HttpRequestException or IOException => true,
        OperationCanceledException => !cancel.IsCancellationRequested,
        _ => false,
    };

    void ThrowIfRefused(Answer answer)
    {
        if ((int)answer.Status is >= 200 and < 300) return;

        try
        {
            if (answer.MediaType == "application/problem+json" && JsonSerializer.Deserialize(answer.Body, Json.ProblemDocument) is { } problem)
                throw new StetException(answer.Status, problem, answer.Pause, JsonElement.Parse(answer.Body));
        }
        catch (JsonException)
        {
            // Not a document of the service, whatever it calls itself.
        }

        throw Unexpected(answer, "the answer is no problem document; is the address that of the service?");
    }

    public static T Parse<T>(Answer answer, JsonTypeInfo<T> shape)
    {
        try
        {
            return JsonSerializer.Deserialize(answer.Body, shape) ?? throw Unexpected(answer, "the answer is null");
        }
        catch (JsonException e)
        {
            throw Unexpected(answer, $"the answer cannot be read: {e.Message}", e);
        }
    }

    public static StetException Unexpected(Answer answer, string detail, Exception? cause = null) => new(
        answer.Status, new ProblemDocument(StetException.UnexpectedAnswer, "Not an answer of the service", detail),
        answer.Pause, cause: cause);
}

/// <summary>An answer that is in memory.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Headers">Its headers, without those that describe the body.</param>
/// <param name="MediaType">Of the body; null without one.</param>
/// <param name="Body">The body.</param>
/// <param name="Pause">What <c>Retry-After</c> asks for; null without one.</param>
sealed record Answer(
    HttpStatusCode Status, HttpResponseHeaders Headers, string? MediaType, byte[] Body, TimeSpan? Pause)
{
    /// <summary>The log position that it reflects; 0 when it does not say.</summary>
    public long Position =>
        long.TryParse(Header("Stet-Position"), NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position : 0;

    public static async Task<Answer> OfAsync(HttpResponseMessage response, TimeProvider clock, CancellationToken cancel) => new(
        response.StatusCode, response.Headers, response.Content.Headers.ContentType?.MediaType,
        await response.Content.ReadAsByteArrayAsync(cancel), RetryAfter(response, clock));

    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider clock) => response.Headers.RetryAfter switch
    {
        { Delta: { } seconds } => seconds,
        { Date: { } date } => date > clock.GetUtcNow() ? date - clock.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.First() : null;
}
