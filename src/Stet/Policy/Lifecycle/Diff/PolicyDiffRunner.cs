using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Stet.EventStore;
using Stet.Policy.Entities;

namespace Stet.Policy.Lifecycle;

/// <summary>How far a dry run has come.</summary>
/// <param name="Decisions">Evaluated so far.</param>
/// <param name="Position">The log has been looked at up to there.</param>
/// <param name="From">First position.</param>
/// <param name="To">Last position.</param>
/// <param name="PerSecond">Decisions a second, on average.</param>
public sealed record DiffProgress(long Decisions, long Position, long From, long To, double PerSecond);

/// <summary>
/// Evaluates recorded decisions under what is in force and under a candidate. The log is dealt out, stretch by stretch, to
/// as many lanes as there are cores; each knows again what was asked before.
/// </summary>
sealed class PolicyDiffRunner(StoreConnections connections, ContextCatalog contexts, PolicyEntities entities) : IDisposable
{
    const int MostLanes = 8;
    const int Stretch = RecordedDecisions<ComparedDecisions>.Stretch;

    // Stretches of a lane that may be done before their turn.
    const int Ahead = 4;

    static readonly int Lanes = Math.Min(Environment.ProcessorCount, MostLanes);

    // However many comparisons there are at once, the readers of everybody else get connections and cores.
    readonly SemaphoreSlim turns = new(Lanes);

    /// <inheritdoc />
    public void Dispose() => turns.Dispose();

    /// <summary>Compares a part of the log.</summary>
    /// <param name="tenantId">Whose.</param>
    /// <param name="baseline">What is in force; null: nothing is.</param>
    /// <param name="candidate">What may come.</param>
    /// <param name="from">First position.</param>
    /// <param name="to">Last position.</param>
    /// <param name="take">Gets what came of each stretch, in log order; false ends it.</param>
    /// <param name="progress">Told after every stretch.</param>
    /// <param name="cancel">Ends it early.</param>
    public async Task RunAsync(
        string tenantId, PolicyInForce? baseline, PolicyInForce candidate, long from, long to, Func<DiffPart, bool> take,
        Action<DiffProgress>? progress, CancellationToken cancel)
    {
        if (from > to) return;

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var (started, decisions) = (Stopwatch.GetTimestamp(), 0L);
        var stretches = (to - from + Stretch) / Stretch;
        var lanes = new Channel<DiffPart>[Math.Min(Lanes, stretches)];
        var running = new Task[lanes.Length];
        for (var i = 0; i < lanes.Length; i++)
        {
            var (lane, first) = (Channel.CreateBounded<DiffPart>(Ahead), from + (i * (long)Stretch));
            lanes[i] = lane;
            running[i] = Task.Run(
                () => CompareAsync(tenantId, baseline, candidate, first, to, lanes.Length * (long)Stretch, lane.Writer, ended.Token), CancellationToken.None);
        }

        try
        {
            for (var stretch = 0L; stretch < stretches; stretch++)
            {
                var lane = lanes[stretch % lanes.Length].Reader;
                if (!await lane.WaitToReadAsync(cancel) || !lane.TryRead(out var part)) break;

                decisions += part.Decisions;
                var rate = decisions / Math.Max(Stopwatch.GetElapsedTime(started).TotalSeconds, 1e-6);
                progress?.Invoke(new DiffProgress(decisions, part.To, from, to, rate));
                if (!take(part)) break;
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(running);
        }
    }

    /// <summary>Compares every so many stretches, from the first on. Whatever goes wrong is told to who reads the lane.</summary>
    async Task CompareAsync(
        string tenantId, PolicyInForce? baseline, PolicyInForce candidate, long first, long to, long step,
        ChannelWriter<DiffPart> lane, CancellationToken cancel)
    {
        try
        {
            TenantEntities? known = null;
            var changes = new DecisionChanges();
            var decisions = new RecordedDecisions<ComparedDecisions>(connections, contexts, tenantId, whole: false, async (decision, token) =>
            {
                if (known?.Position != decision.EntityPosition)
                    known = await entities.AtPositionAsync(tenantId, decision.EntityPosition, token);
                return new ComparedDecisions(baseline, candidate, decision, known, changes);
            });

            for (var from = first; from <= to; from += step)
            {
                var part = new DiffPart(Math.Min(from + Stretch - 1, to));
                await turns.WaitAsync(cancel);
                try
                {
                    part.Decisions = await decisions.ReadAsync(from, part.To, part.Add, cancel);
                }
                finally
                {
                    turns.Release();
                }

                await lane.WriteAsync(part, cancel);
            }

            lane.TryComplete();
        }
        catch (Exception e)
        {
            lane.TryComplete(e);
        }
    }
}

/// <summary>What came of a stretch of the log.</summary>
/// <param name="to">The last position that was looked at.</param>
sealed class DiffPart(long to)
{
    readonly DiffLines lines = new();
    readonly Dictionary<DecisionChange, int> changes = new(ReferenceEqualityComparer.Instance);
    readonly Dictionary<(ComparedDecisions Asked, string Class), int> affected = [];

    /// <summary>The last position that was looked at.</summary>
    public long To => to;

    /// <summary>Decisions in it.</summary>
    public int Decisions { get; set; }

    /// <summary>Lines of those that would change.</summary>
    public ReadOnlySpan<byte> Lines => lines.Text.WrittenSpan;

    /// <summary>The kinds of change in it.</summary>
    public IEnumerable<DiffKind> Kinds => changes.Keys.Where(change => change.Kind is not null).Select(change => change.Kind!).Distinct();

    public void Add(RecordedDecision<ComparedDecisions> decision)
    {
        var change = decision.Alike?.At(decision.Now) ?? DecisionChange.Unreplayable;
        CollectionsMarshal.GetValueRefOrAddDefault(changes, change, out _)++;
        if (change.Kind is null) return;

        lines.Add(decision.Position, change);
        if (decision.Alike is { } asked) CollectionsMarshal.GetValueRefOrAddDefault(affected, (asked, change.Class), out _)++;
    }

    /// <summary>Adds its counts to others.</summary>
    public void CountInto(DiffTally tally)
    {
        foreach (var (change, count) in changes) tally.Add(change.Class, change.Action, change.SubjectType, change.ResourceType, count);
        foreach (var ((asked, kind), count) in affected)
        {
            tally.Subjects.Add(asked.Subject, kind, count);
            tally.Resources.Add(asked.Resource, kind, count);
            if (asked.Agent is { } agent) tally.Agents.Add(agent, kind, count);
        }
    }
}
