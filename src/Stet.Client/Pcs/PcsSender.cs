namespace Stet.Client.Pcs;

/// <summary>Something happened to a document on its way.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="PcsId">Its identity.</param>
/// <param name="State">Delivered, dead, or pending still.</param>
/// <param name="Status">Status of the last answer; null if there was none.</param>
/// <param name="Outcome">Delivered: <c>ACCEPTED</c> or <c>ESCALATED</c>.</param>
/// <param name="Position">Delivered: position of the event in the tenant's log.</param>
/// <param name="Code">Dead, pending or escalated: why.</param>
/// <param name="Detail">The same for people.</param>
/// <param name="RetryIn">Pending: when it is sent again; null once the endpoint counts as out of order.</param>
public sealed record Delivery(
    long Seq, string? PcsId, OutboxState State, int? Status, string? Outcome, long? Position, string? Code, string? Detail,
    TimeSpan? RetryIn);

/// <summary>
/// Delivers an outbox: up to eight documents at once, oldest first, the stored bytes, again on a schedule until the service
/// has decided about them. While the service is out of order the documents stay pending and one is sent about every minute.
/// </summary>
/// <param name="outbox">What is to be delivered. One sender at a time works on it.</param>
/// <param name="endpoint">Where to.</param>
/// <param name="clock">Paces.</param>
/// <param name="random">Spreads the pauses.</param>
public sealed class PcsSender(Outbox outbox, PcsEndpoint endpoint, TimeProvider clock, Random random)
{
    const int Lanes = 8;

    // What a request that is under way gets when the sender is told to stop.
    static readonly TimeSpan grace = TimeSpan.FromSeconds(5);

    readonly Lock gate = new();
    long heldSince;
    TimeSpan held;

    enum Ending
    {
        Decided,
        Stopped,
        EndpointFailed,
    }

    /// <summary>Delivers what is pending and ends; also ends when the endpoint is out of order.</summary>
    /// <param name="progress">Told of every answer.</param>
    /// <param name="stop">Ends it in good order: requests under way get five seconds.</param>
    /// <returns>Whether nothing is pending any more.</returns>
    /// <exception cref="OutboxException">An answer cannot be kept. The document will be sent again; the service knows it.</exception>
    public Task<bool> DrainAsync(IProgress<Delivery>? progress, CancellationToken stop) =>
        DeliverAsync(isDraining: true, progress, stop);

    /// <summary>Delivers whatever is put in until it is told to stop.</summary>
    /// <inheritdoc cref="DrainAsync"/>
    public Task RunAsync(IProgress<Delivery>? progress, CancellationToken stop) =>
        DeliverAsync(isDraining: false, progress, stop);

    async Task<bool> DeliverAsync(bool isDraining, IProgress<Delivery>? progress, CancellationToken stop)
    {
        using var abandon = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        await using var stopping = stop.UnsafeRegister(_ => abandon.CancelAfter(grace), null);
        while (true)
        {
            var hasFailed = await FillLanesAsync(isDraining, progress, stop, abandon.Token);
            if (stop.IsCancellationRequested || isDraining) return !hasFailed && outbox.NextPending([]) is null;
            if (!await ProbeAsync(progress, stop, abandon.Token)) return false;
        }
    }

    /// <returns>Whether the endpoint is out of order; otherwise nothing is pending, or the sender is to stop.</returns>
    async Task<bool> FillLanesAsync(
        bool isDraining, IProgress<Delivery>? progress, CancellationToken stop, CancellationToken abandon)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var lanes = new Dictionary<long, Task<Ending>>();
        try
        {
            while (true)
            {
                var changed = outbox.Changed;
                while (!pause.IsCancellationRequested && lanes.Count < Lanes && outbox.NextPending(lanes.Keys) is { } next)
                    lanes[next.Seq] = Task.Run(() => DeliverAsync(next.Seq, next.Document, progress, pause.Token, abandon), CancellationToken.None);

                if (lanes.Count == 0 && (isDraining || pause.IsCancellationRequested)) return false;

                // A full house waits for a place, not for more guests.
                var isOpen = lanes.Count < Lanes && !pause.IsCancellationRequested;
                IEnumerable<Task> awaited = isOpen ? [.. lanes.Values, changed.WaitAsync(pause.Token)] : lanes.Values;
                await Task.WhenAny(awaited);

                foreach (var (seq, lane) in lanes.Where(l => l.Value.IsCompleted).ToList())
                {
                    lanes.Remove(seq);
                    if (await lane == Ending.EndpointFailed) return true;
                }
            }
        }
        finally
        {
            // Nobody may touch the outbox once this has returned or thrown.
            await pause.CancelAsync();
            await ((Task)Task.WhenAll(lanes.Values)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task<Ending> DeliverAsync(
        long seq, byte[] document, IProgress<Delivery>? progress, CancellationToken pause, CancellationToken abandon)
    {
        var pcsId = IdOf(document);
        try
        {
            // A service that is out of order says nothing against the document: the two are counted apart.
            var (later, unclear) = (0, 0);
            while (true)
            {
                await HoldAsync(pause);
                var answer = await endpoint.SubmitAsync(document, pcsId, abandon);
                var count = answer.Meaning == DeliveryMeaning.Later ? ++later : ++unclear;
                var isOver = count > RetrySchedule.Retries;
                if (await DecideAsync(seq, pcsId, answer, later + unclear, isOver, progress)) return Ending.Decided;

                var (scheduled, asked) = (Draw(random => RetrySchedule.Pause(count - 1, random)), Hold(answer.RetryAfter));
                var wait = asked > scheduled ? asked : scheduled;
                progress?.Report(Report(seq, pcsId, OutboxState.Pending, answer) with { RetryIn = isOver ? null : wait });
                if (isOver) return Ending.EndpointFailed;

                await Task.Delay(wait, clock, pause);
            }
        }
        catch (OperationCanceledException) when (pause.IsCancellationRequested)
        {
            return Ending.Stopped;
        }
    }

    /// <summary>Sends the oldest document about every minute until there is an answer, whatever it is.</summary>
    /// <returns>False: the sender is to stop.</returns>
    async Task<bool> ProbeAsync(IProgress<Delivery>? progress, CancellationToken stop, CancellationToken abandon)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Draw(RetrySchedule.Probe), clock, stop);
                await HoldAsync(stop);
                if (outbox.NextPending([]) is not { } oldest) return true;

                var pcsId = IdOf(oldest.Document);
                var answer = await endpoint.SubmitAsync(oldest.Document, pcsId, abandon);
                if (await DecideAsync(oldest.Seq, pcsId, answer, attempts: 1, isLast: false, progress)) return true;

                if (answer.Meaning != DeliveryMeaning.Later) return true;
                Hold(answer.RetryAfter);
                progress?.Report(Report(oldest.Seq, pcsId, OutboxState.Pending, answer));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Keeps what the answer decides.</summary>
    /// <returns>Whether it decides anything.</returns>
    async Task<bool> DecideAsync(
        long seq, string? pcsId, DeliveryAnswer answer, int attempts, bool isLast, IProgress<Delivery>? progress)
    {
        if (answer.Meaning == DeliveryMeaning.Delivered)
        {
            await outbox.AckAsync(seq, new OutboxReceipt(answer.Status!.Value, answer.Outcome, answer.Position, answer.Code));
            progress?.Report(Report(seq, pcsId, OutboxState.Acked, answer));
            return true;
        }

        var isExhausted = answer.Meaning == DeliveryMeaning.Unclear && isLast;
        if (answer.Meaning != DeliveryMeaning.Refused && !isExhausted) return false;

        var code = isExhausted ? "retries_exhausted" : answer.Code!;
        await outbox.BuryAsync(seq, new OutboxVerdict(answer.Status, code, answer.Detail, attempts));
        progress?.Report(Report(seq, pcsId, OutboxState.Dead, answer) with { Code = code });
        return true;
    }

    /// <summary>Nobody sends anything before the service wants it again.</summary>
    TimeSpan Hold(TimeSpan asked)
    {
        var wait = asked < RetrySchedule.Longest ? asked : RetrySchedule.Longest;
        lock (gate)
            if (wait > held - clock.GetElapsedTime(heldSince)) (heldSince, held) = (clock.GetTimestamp(), wait);

        return wait;
    }

    async Task HoldAsync(CancellationToken cancel)
    {
        while (true)
        {
            TimeSpan wait;
            lock (gate) wait = held - clock.GetElapsedTime(heldSince);
            if (wait <= TimeSpan.Zero) return;
            await Task.Delay(wait, clock, cancel);
        }
    }

    TimeSpan Draw(Func<Random, TimeSpan> draw)
    {
        lock (gate) return draw(random);
    }

    static Delivery Report(long seq, string? pcsId, OutboxState state, DeliveryAnswer answer) => new(
        seq, pcsId, state, answer.Status, answer.Outcome, answer.Position, answer.Code, answer.Detail, RetryIn: null);

    static string? IdOf(byte[] document)
    {
        using var json = OutboxJson.TryParse(document);
        return json is null ? null : OutboxJson.Text(json.RootElement, "pcs_id"u8);
    }
}
