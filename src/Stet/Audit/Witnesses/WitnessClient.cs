using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>Talks to witnesses over HTTP (C2SP tlog-witness).</summary>
public sealed class WitnessClient(TimeProvider clock) : IDisposable
{
    /// <summary>Code of an answer that no witness gives.</summary>
    public const string BadAnswer = "bad_answer";

    const int AnswerLimit = 64 * 1024;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = Patience,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that a changed address is noticed
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = AnswerLimit,
        DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("Stet", Observability.ObservabilityModule.Version) } },
    };

    /// <summary>Asks a witness to cosign a checkpoint.</summary>
    /// <param name="witness">Whom.</param>
    /// <param name="oldSize">What the witness has seen last; 0 for nothing.</param>
    /// <param name="proof">That the checkpoint extends that.</param>
    /// <param name="note">The checkpoint with the log's signatures.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<WitnessReply> AddCheckpointAsync(
        ConfiguredWitness witness, long oldSize, IReadOnlyList<LogHash> proof, SignedNote note, CancellationToken cancel)
    {
        using var body = new ByteArrayContent(AddCheckpointRequest.Write(oldSize, proof, note));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{witness.Url}/add-checkpoint")) { Content = body };
        return await SendAsync(request, cancel);
    }

    /// <summary>Asks a witness which checkpoint of a log it has seen last: 200 with the note, or 404.</summary>
    public async Task<WitnessReply> NewestAsync(ConfiguredWitness witness, string origin, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{witness.Url}/{WitnessState.NameOf(origin)}/checkpoint"));
        return await SendAsync(request, cancel);
    }

    /// <inheritdoc />
    public void Dispose() => http.Dispose();

    async Task<WitnessReply> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            using var answer = await http.SendAsync(request, either.Token);
            var code = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
            return new WitnessReply(answer.StatusCode, code, await answer.Content.ReadAsByteArrayAsync(either.Token));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new WitnessReply(null, "timeout", []);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new WitnessReply(null, BadAnswer, []);
        }
        catch (HttpRequestException)
        {
            return new WitnessReply(null, "unreachable", []);
        }
    }
}

/// <summary>What a witness answered.</summary>
/// <param name="Status">Null when nothing came back.</param>
/// <param name="Code">The status, <c>timeout</c>, <c>unreachable</c>, or <c>bad_answer</c> for one that is too large.</param>
/// <param name="Body">At most 64 KiB.</param>
public readonly record struct WitnessReply(HttpStatusCode? Status, string Code, byte[] Body);
