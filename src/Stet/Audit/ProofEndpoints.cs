using System.Diagnostics;
using Stet.AuditLog;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Audit;

/// <summary>Proofs against the newest checkpoint, or older sizes.</summary>
static class ProofEndpoints
{
    public static void Map(IEndpointRouteBuilder audit)
    {
        audit.MapGet("/proof/{event_id}", Proof).WithSummary("The proof that an event is in the audit log")
            .WithDescription("A C2SP tlog-proof against the newest checkpoint, which is made if none covers the event.")
            .RequirePermission(Scopes.AuditRead).Produces<string>(200, "text/plain").Produces(304).ProducesProblem(404).ProducesProblem(410)
            .WithQuery(QueryParameter.Flag("witnessed", "true: against the newest checkpoint that a witness has cosigned"));
        audit.MapGet("/inclusion", Inclusion).WithSummary("The hashes that lead from a leaf to a root")
            .RequirePermission(Scopes.AuditRead).Produces<InclusionAnswer>().Produces(304).ProducesProblem(404).ProducesProblem(410)
            .WithQuery(
                QueryParameter.Number("position", "Of the event", 1, required: true),
                QueryParameter.Number("size", "Of the tree; default: the newest checkpoint's", 1));
        audit.MapGet("/consistency", Consistency).WithSummary("The hashes that lead from one root to a later one")
            .RequirePermission(Scopes.AuditRead).Produces<ConsistencyAnswer>().Produces(304).ProducesProblem(404).ProducesProblem(410)
            .WithQuery(
                QueryParameter.Number("from", "Smaller size", 0, required: true),
                QueryParameter.Number("to", "Larger size; default: the newest checkpoint's", 0));
    }

    static async Task<IResult> Proof(string event_id, HttpContext http, Proofs proofs)
    {
        var started = Stopwatch.GetTimestamp();
        var witnessed = new RequestQuery(http.Request.Query).Flag("witnessed");
        if (!IsEventId(event_id, out var id)) return Problems.Answer(AuditProblems.EventUnknown);

        var (proof, problem) = await proofs.OfEventAsync(AuditAccess.Log(http), id, witnessed, http.RequestAborted);
        if (problem is not null) return Problems.Answer(problem);

        AuditMetrics.ProofDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        return JsonAnswer.Read(proof!.Proof.ToArray(), "text/plain; charset=utf-8", proof.Checkpoint.Size);
    }

    static async Task<IResult> Inclusion(HttpContext http, Checkpoints checkpoints, AuditReader reader)
    {
        var log = AuditAccess.Log(http);
        var query = new RequestQuery(http.Request.Query);
        var position = query.Number("position", 1, long.MaxValue) ?? throw RequestQuery.Bad("position", "is required");
        var asked = query.Number("size", 1, long.MaxValue);
        if (asked < position) throw RequestQuery.Bad("size", $"must be at least the position, {position}");

        var noted = checkpoints.Noted(log);
        long[] leaves = asked is { } edge ? [position - 1, edge] : [position - 1];
        var view = await reader.ViewAsync(log.TenantId, leaves, witnessed: false, http.RequestAborted);
        if (view.Newest is null && log.Epoch > 1) await checkpoints.SignStoredAsync(log, noted, view, http.RequestAborted); // to be asked again

        var newest = view.Newest?.Size ?? 0;
        if (Math.Max(position, asked ?? 0) > newest)
            return Problems.Answer(AuditProblems.SizeUnknown(Math.Max(position, asked ?? 0), newest));

        // Only sizes with a guard row are signed; the newest has one.
        var size = asked ?? newest;
        var isNewest = size == newest;
        var signed = isNewest ? await checkpoints.SignStoredAsync(log, noted, view, http.RequestAborted) : null;
        var peaks = isNewest ? Peaks.Read(size, view.Newest!.Peaks) : view.Tiles.PeaksOf(size);
        var hashes = view.Tiles.Make(ProofPlan.Inclusion(position - 1, size, peaks));
        var leaf = view.Tiles.Leaf(position - 1);
        if (!MerkleProof.VerifyInclusion(position - 1, size, leaf, hashes, peaks.Root)) throw new AuditAlteredException(position);

        return JsonAnswer.Read(
            new InclusionAnswer(
                position, position - 1, size, leaf.ToString(), peaks.Root.ToString(), [.. hashes.Select(h => h.ToString())],
                signed?.Note.ToString()),
            AuditHttpJson.Default.InclusionAnswer, size);
    }

    static async Task<IResult> Consistency(HttpContext http, Checkpoints checkpoints, AuditReader reader)
    {
        var log = AuditAccess.Log(http);
        var query = new RequestQuery(http.Request.Query);
        var from = query.Number("from", 0, long.MaxValue) ?? throw RequestQuery.Bad("from", "is required");
        var asked = query.Number("to", 0, long.MaxValue);
        if (asked < from) throw RequestQuery.Bad("to", $"must be at least `from`, {from}");

        // The default's right edge comes with its guard row.
        long[] leaves = [Math.Max(0, from - 1), from, .. asked is { } edge ? [edge] : Array.Empty<long>()];
        var view = await reader.ViewAsync(log.TenantId, leaves, witnessed: false, http.RequestAborted);
        var newest = view.Newest?.Size ?? 0;
        if (Math.Max(from, asked ?? 0) > newest)
            return Problems.Answer(AuditProblems.SizeUnknown(Math.Max(from, asked ?? 0), newest));

        var size = asked ?? newest;
        var guard = size == newest ? view.Newest : null;
        if (guard is not null) await checkpoints.RequireSoundAsync(log, view, http.RequestAborted);
        var peaks = guard is not null ? Peaks.Read(size, guard.Peaks) : view.Tiles.PeaksOf(size);
        var before = view.Tiles.PeaksOf(from);
        var hashes = view.Tiles.Make(ProofPlan.Consistency(from, size, peaks));
        if (from > 0 && !MerkleProof.VerifyConsistency(from, size, before.Root, peaks.Root, hashes)) throw new AuditAlteredException(null);

        return JsonAnswer.Read(
            new ConsistencyAnswer(from, size, before.Root.ToString(), peaks.Root.ToString(), [.. hashes.Select(h => h.ToString())]),
            AuditHttpJson.Default.ConsistencyAnswer, size);
    }

    /// <summary>Whether the text is an event's id: a lower-case UUID, and only that.</summary>
    public static bool IsEventId(string text, out Guid id)
    {
        id = default;
        return Caller.IsTenantId(text) && Guid.TryParseExact(text, "D", out id);
    }
}

/// <summary>The answer to <c>inclusion</c>.</summary>
/// <param name="Position">Of the event.</param>
/// <param name="Index">Of the leaf: one less.</param>
/// <param name="Size">Of the tree.</param>
/// <param name="LeafHash">Base64 of 32 bytes, like all hashes here.</param>
/// <param name="Root">Of the tree.</param>
/// <param name="Hashes">The inclusion proof (RFC 6962, 2.1.1), from the leaf's sibling up.</param>
/// <param name="Checkpoint">The signed note of that size; null for a size that is not the newest checkpoint's.</param>
public sealed record InclusionAnswer(
    long Position, long Index, long Size, string LeafHash, string Root, IReadOnlyList<string> Hashes, string? Checkpoint);

/// <summary>The answer to <c>consistency</c>.</summary>
/// <param name="From">The smaller size.</param>
/// <param name="To">The larger size.</param>
/// <param name="FromRoot">Base64 of 32 bytes, like all hashes here.</param>
/// <param name="ToRoot">Of the larger tree.</param>
/// <param name="Hashes">The consistency proof (RFC 6962, 2.1.2); empty for equal sizes and from size 0.</param>
public sealed record ConsistencyAnswer(long From, long To, string FromRoot, string ToRoot, IReadOnlyList<string> Hashes);
