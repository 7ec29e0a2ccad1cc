namespace Stet.Audit.Witnesses;

/// <summary>
/// Has the witnesses cosign checkpoints, in rounds: every witness gets the same note. A log gets a round at most every
/// ten seconds, and every ten minutes while it does not grow, whatever the number of instances. Nothing waits for one.
/// </summary>
public sealed class WitnessRounds(
    ConfiguredWitnesses witnesses, WitnessedLog log, Cosignatures cosignatures, WitnessClient client, WitnessMetrics metrics,
    WitnessLog logger, TimeProvider clock) : BackgroundService
{
    const int AtOnce = 8;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan UnchangedEvery = TimeSpan.FromMinutes(10);

    readonly WitnessRequest request = new(log, client, metrics, logger);
    readonly Dictionary<ConfiguredWitness, BackOff> backOffs =
        witnesses.All.ToDictionary(w => w, _ => new BackOff(clock, Random.Shared.NextDouble));

    /// <inheritdoc />
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Begin();
        return witnesses.All.Count == 0
            ? Task.CompletedTask
            : Repeated.RunAsync(RunDueAsync, Pause, clock, logger.RoundsFailed, stoppingToken);
    }

    /// <summary>Runs the rounds that are due. The failure of one is logged and ends nothing else.</summary>
    internal async Task RunDueAsync(CancellationToken cancel)
    {
        List<string> due;
        do
        {
            due = await cosignatures.StartRoundsAsync(clock.GetUtcNow(), AtOnce, cancel);
            await Task.WhenAll(due.Select(tenantId => TryAsync(tenantId, cancel)));
        }
        while (due.Count == AtOnce);
    }

    async Task TryAsync(string tenantId, CancellationToken cancel)
    {
        try
        {
            await RunAsync(tenantId, cancel);
            logger.RoundRan(tenantId);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // Whatever it was, the other logs have their rounds and the service goes on.
            logger.RoundFailed(tenantId, e);
        }
    }

    async Task RunAsync(string tenantId, CancellationToken cancel)
    {
        var checkpoint = await log.CheckpointAsync(tenantId, cancel);
        var known = await cosignatures.AllAsync(tenantId, cancel);
        var asked = await Task.WhenAll(witnesses.All.Select(async witness =>
            (Witness: witness, Outcome: await AskAsync(tenantId, checkpoint, witness, known, cancel))));

        var now = clock.GetUtcNow();
        var next = asked.All(a => a.Outcome.IsFinal) ? now + UnchangedEvery : now + backOffs.Values.Max(b => b.Remaining);
        await cosignatures.FinishRoundAsync(
            tenantId, checkpoint.Size,
            from a in asked where a.Outcome.Line is not null select new WitnessLine(checkpoint.Size, a.Witness.Name, a.Outcome.Line!, now),
            next, cancel);
    }

    async Task<WitnessOutcome> AskAsync(
        string tenantId, SignedCheckpoint checkpoint, ConfiguredWitness witness, IReadOnlyList<WitnessLine> known, CancellationToken cancel)
    {
        var backOff = backOffs[witness];
        if (backOff.Remaining > TimeSpan.Zero) return WitnessOutcome.Later;

        // The round may be another witness's, which is away.
        var last = known.LastOrDefault(c => c.Witness == witness.Name);
        if (last?.Size == checkpoint.Size && clock.GetUtcNow() - last.At < UnchangedEvery) return WitnessOutcome.Settled;

        var outcome = await request.RunAsync(tenantId, checkpoint, witness, last?.Size ?? 0, cancel);
        if (outcome.IsFailure) backOff.Failed();
        if (outcome.Line is null) return outcome;

        backOff.Succeeded();
        metrics.Cosigned(witness.Name);
        logger.Cosigned(tenantId, witness.Name, checkpoint.Size);
        return outcome;
    }
}
