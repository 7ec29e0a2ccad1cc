namespace Stet.Client.Pcs;

/// <summary>How far an agent has come with its source.</summary>
/// <param name="Rows">Rows read in this run.</param>
/// <param name="Epochs">Epochs put into the outbox in this run.</param>
/// <param name="LateRows">
/// Rows dropped because their epoch was closed. All those that an idle epoch got after a crash of the machine count as one.
/// </param>
public sealed record AgentProgress(long Rows, long Epochs, long LateRows);

/// <summary>
/// Follows a file of events, cuts it into epochs and puts a document for each into the outbox, together with how far it has
/// read: after a crash it neither loses nor repeats an epoch.
/// </summary>
/// <param name="outbox">Gets the documents and remembers the place.</param>
/// <param name="plan">How epochs become documents.</param>
/// <param name="rule">When an epoch is over.</param>
/// <param name="clock">For <c>sent_at</c>, idleness and pacing.</param>
/// <param name="clockSkew">For <c>ft.clock_skew_ms</c>: what is known of it, such as <see cref="PcsEndpoint.ClockSkew"/>.</param>
public sealed class ShardAgent(Outbox outbox, PcsPlan plan, EpochRule rule, TimeProvider clock, Func<TimeSpan> clockSkew)
{
    // Rows between two looks at whether to stop, and reports.
    const int Stretch = 4096;

    static readonly TimeSpan poll = TimeSpan.FromMilliseconds(200);

    long rowCount;
    long epochCount;
    long lateRowCount;
    bool isShortened;

    /// <summary>Follows a file until it is told to stop. An epoch that is open then is read again next time.</summary>
    /// <param name="path">CSV or JSON lines, see <see cref="EventSource"/>. Only whole lines are read.</param>
    /// <param name="progress">Told now and then.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="AgentException">A line is no row, the plan is none, or the file or the outbox cannot be used.</exception>
    public async Task FollowAsync(string path, IProgress<AgentProgress>? progress, CancellationToken stop)
    {
        plan.Check();
        var source = Path.GetFullPath(path);
        var last = outbox.Checkpoint(source);
        var kept = KeptAfter(last);
        using var rows = EventSource.Open(source, last?.Offset ?? 0);
        var cutter = new EpochCutter(plan, rule, last?.Epoch);
        var quietSince = clock.GetTimestamp();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var (closed, isQuiet) = await Task.Run(() => Read(rows, cutter), stop);
                if (!isQuiet) quietSince = clock.GetTimestamp();
                else if (rule.Idle <= clock.GetElapsedTime(quietSince)) closed = cutter.Close(rows.Position);

                if (closed is not null)
                {
                    await KeepAsync(source, closed, kept, stop);
                    // Only the first epoch after the place that is known can be the one.
                    kept = kept with { Torn = null };
                }

                progress?.Report(new AgentProgress(rowCount, epochCount, lateRowCount));
                if (isQuiet && closed is null) await Task.Delay(poll, clock, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is not kept is read again.
        }
    }

    /// <summary>Reads until an epoch is over, a stretch is read, or there is nothing more for now.</summary>
    (ClosedEpoch? Closed, bool IsQuiet) Read(EventSource rows, EpochCutter cutter)
    {
        for (var i = 0; i < Stretch; i++)
        {
            var start = rows.Position;
            if (!rows.TryRead(out var row, isWhole: false)) return (null, i == 0);

            rowCount++;
            var lateBefore = cutter.LateRows;
            var closed = cutter.Add(row, start, rows.Position);
            if (cutter.LateRows > lateBefore) lateRowCount++;
            if (closed is not null) return (closed, false);
        }

        return (null, false);
    }

    async Task KeepAsync(string source, ClosedEpoch closed, Kept kept, CancellationToken stop)
    {
        string[] fallbacks = closed.LateRows > 0 || isShortened ? [EpochBuilder.LateRows] : [];
        var document = await Task.Run(
            () => closed.Builder.Finish(closed.Epoch, PcsPlan.SentAt(clock.GetUtcNow()), fallbacks, cancel: stop), stop);
        var checkpoint = new OutboxCheckpoint(source, closed.End, closed.Epoch);
        if (kept.Ids.Remove(document.PcsId))
        {
            await outbox.KeepAsync(checkpoint, CancellationToken.None);
        }
        else if (closed.Epoch == kept.Torn)
        {
            // It was idle when its document was made, and has got more rows since: they are late, as the next document says,
            // with which the place is kept.
            lateRowCount++;
            isShortened = true;
            return;
        }
        else
        {
            await outbox.EnqueueAsync(
                seq => plan.Key.Sign(PcsSigningKey.Numbered(document, seq, clockSkew())).ToJson(), checkpoint, CancellationToken.None);
            isShortened = false;
        }

        epochCount++;
        await outbox.CompactIfWorthwhileAsync(stop);
    }

    /// <summary>Later epochs that are in the outbox already: a crash of the machine can tear a checkpoint off its document.</summary>
    Kept KeptAfter(OutboxCheckpoint? last)
    {
        using var listing = OutboxListing.Read(outbox.Path);
        var later = listing.Entries()
            .Where(e => e.ShardId == plan.ShardId && e.PcsId is not null && !(e.Epoch <= last?.Epoch)).ToList();
        // An epoch that only a row can end has the same rows again, and the same identity.
        var torn = rule.Idle is null ? null : later.FirstOrDefault(e => e.Seq == listing.Unmarked);
        return new Kept([.. later.Select(e => e.PcsId!)], torn?.Epoch);
    }

    /// <param name="Ids">Identities of their documents.</param>
    /// <param name="Torn">The one whose checkpoint may have been torn off, and which may have ended idle; null: none.</param>
    sealed record Kept(HashSet<string> Ids, long? Torn);
}
