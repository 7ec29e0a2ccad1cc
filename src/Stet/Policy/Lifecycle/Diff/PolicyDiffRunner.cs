using System.Diagnostics;
using System.Threading.Channels;
using Stet.Cedar;
using Stet.EventStore;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Entities;

namespace Stet.Policy.Lifecycle;

/// <summary>How far a dry run has come.</summary>
/// <param name="Decisions">Evaluated so far.</param>
/// <param name="Position">The log has been looked at up to there.</param>
/// <param name="From">First position.</param>
/// <param name="To">Last position.</param>
/// <param name="PerSecond">Decisions a second, on average.</param>
public sealed record DiffProgress(long Decisions, long Position, long From, long To, double PerSecond);

/// <summary>Evaluates recorded decisions under what is in force and under a candidate: read, evaluated and counted on the fly.</summary>
sealed class PolicyDiffRunner(StoreConnections connections, ContextCatalog contexts, PolicyEntities entities)
{
    /// <summary>Compares a stretch of the log.</summary>
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
        IProgress<DiffProgress>? progress, CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var started = Stopwatch.GetTimestamp();
        var decisions = 0L;

        // Its bound is how many stretches are in memory: more than there are cores, so that none waits for another.
        var parts = Channel.CreateBounded<Task<DiffPart>>(Environment.ProcessorCount + 2);
        var reading = Task.Run(async () =>
        {
            var pages = new DecisionPages(connections).ReadAsync(tenantId, from, to, ended.Token);
            try
            {
                await foreach (var page in pages)
                    await parts.Writer.WriteAsync(
                        Task.Run(() => CompareAsync(tenantId, baseline, candidate, page, ended.Token), ended.Token), ended.Token);
                parts.Writer.TryComplete();
            }
            catch (Exception e)
            {
                parts.Writer.TryComplete(e);
            }
        }, CancellationToken.None);

        try
        {
            await foreach (var next in parts.Reader.ReadAllAsync(cancel))
            {
                var part = await next;
                decisions += part.Decisions;
                var rate = decisions / Math.Max(Stopwatch.GetElapsedTime(started).TotalSeconds, 1e-6);
                progress?.Report(new DiffProgress(decisions, part.To, from, to, rate));
                if (!take(part)) break;
            }
        }
        finally
        {
            await ended.CancelAsync();
            await reading;
            while (parts.Reader.TryRead(out var left)) await left.ContinueWith(static part => part.Exception, TaskScheduler.Default);
        }
    }

    async Task<DiffPart> CompareAsync(
        string tenantId, PolicyInForce? baseline, PolicyInForce candidate, DecisionPage page, CancellationToken cancel)
    {
        var part = new DiffPart(page.To, page.Decisions.Count, baseline, candidate);
        TenantEntities? known = null;
        foreach (var stored in page.Decisions)
        {
            DecisionRecorded decision;
            try
            {
                decision = (DecisionRecorded)contexts.Catalog.Read("decision_recorded", stored.Json);
            }
            catch (UnreadableEventException)
            {
                part.AddUnreplayable(stored.Position);
                continue;
            }

            if (known?.Position != decision.EntityPosition)
                known = await entities.AtPositionAsync(tenantId, decision.EntityPosition, cancel);
            part.Add(stored.Position, decision, known);
        }

        return part;
    }
}

/// <summary>What came of a stretch of the log.</summary>
sealed class DiffPart(long to, int decisions, PolicyInForce? baseline, PolicyInForce candidate)
{
    const string Other = "(other)";

    readonly DiffLines lines = new();
    readonly HashSet<DiffKind> kinds = [];
    readonly AuthZenSchema? before = baseline is null ? null : AuthZenSchema.Of(baseline.Schema);
    readonly AuthZenSchema after = AuthZenSchema.Of(candidate.Schema);

    /// <summary>The last position that was looked at.</summary>
    public long To => to;

    /// <summary>Decisions in it.</summary>
    public int Decisions => decisions;

    public DiffTally Tally { get; } = new();

    /// <summary>The kinds of change in it.</summary>
    public IReadOnlyCollection<DiffKind> Kinds => kinds;

    /// <summary>Lines of those that would change.</summary>
    public ReadOnlySpan<byte> Lines => lines.Text.WrittenSpan;

    public void Add(long position, DecisionRecorded decision, IEntities entities)
    {
        var request = decision.Request with
        {
            Subject = Shared(decision.Request.Subject, entities),
            Resource = Shared(decision.Request.Resource, entities),
        };
        var compared = DecisionComparison.Of(
            Before(decision, entities), new ReplayedResult(DecisionPoint.Evaluate(candidate, request, entities, decision.Pep)));

        // Names that no schema knows are whatever somebody sent: they are no rows of a table.
        var action = IsAction(request.Action) ? request.Action : Other;
        var (subject, resource) = (TypeOf(request.Subject.Type), TypeOf(request.Resource.Type));
        Tally.Add(compared.Class, action, subject, resource);
        if (compared.Class == DiffClass.Same) return;

        lines.Add(position, compared, action, subject, resource);
        kinds.Add(new DiffKind(compared.Class, action, compared.Before!.Value.Determining, compared.After!.Value.Determining));
    }

    public void AddUnreplayable(long position)
    {
        Tally.Add(DiffClass.Unreplayable, Other, Other, Other);
        lines.Add(position, new DecisionComparison(DiffClass.Unreplayable, null, null), Other, Other, Other);
        kinds.Add(new DiffKind(DiffClass.Unreplayable, Other, [], []));
    }

    // With the attributes of the recorded entity itself, an evaluation need not make another entity of them.
    Party Shared(Party party, IEntities entities) =>
        after.TryGetType(party.Type, out var type) && entities.TryGet(new EntityUid(type.Name, party.Id), out var known)
        && known.Attributes.Equals(party.Properties)
            ? party with { Properties = known.Attributes }
            : party;

    // What the baseline itself decided needs no second evaluation: the self-audit holds recorded decisions to their inputs.
    ReplayedResult Before(DecisionRecorded decision, IEntities entities) =>
        baseline is not null && decision.PolicySetDigest == baseline.PolicySetDigest && decision.SchemaDigest == baseline.SchemaDigest
            ? new ReplayedResult(decision.Raw, decision.Effective)
            : new ReplayedResult(DecisionPoint.Evaluate(baseline, decision.Request, entities, decision.Pep));

    bool IsAction(string name) => after.HasAction(name) || (before?.HasAction(name) ?? false);

    string TypeOf(string name) =>
        after.TryGetType(name, out _) || (before?.TryGetType(name, out _) ?? false) ? name : Other;
}
