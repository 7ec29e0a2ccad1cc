using Npgsql;
using Stet.Authentication;
using Stet.Http;
using Stet.Policy.Decisions;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Has a candidate decide, from now or from a time on.</summary>
/// <param name="Candidate">Which.</param>
/// <param name="DiffDigest">The report that was approved.</param>
/// <param name="Position">Its last position.</param>
/// <param name="NotBefore">From when on; null: at once.</param>
public sealed record ActivatePolicy(string Candidate, string DiffDigest, long Position, DateTimeOffset? NotBefore)
{
    /// <summary>Most decisions since the diff.</summary>
    public const int MostInTail = 100_000;

    /// <summary>The furthest ahead that an activation may be.</summary>
    public static readonly TimeSpan MostAhead = TimeSpan.FromDays(30);

    public static Decision Decide(
        ActivatePolicy command, PolicyLife? life, DiffTail tail, string by, TimeSpan approvalLifetime, DateTimeOffset now)
    {
        life ??= PolicyLife.Empty;
        if (life.Candidate(command.Candidate) is not { } candidate) return Refuse(PolicyProblems.NotFound(command.Candidate));
        if (!candidate.IsOpen) return Refuse(PolicyProblems.Closed(candidate));
        if (candidate is not { State: CandidateState.Diffed, Diff: { } diff }) return Refuse(PolicyProblems.NotDiffed(candidate.Digest));
        if ((command.DiffDigest, command.Position) != (diff.Digest, diff.Position)) return Refuse(PolicyProblems.NewerDiff);

        var notBefore = command.NotBefore ?? now;
        if (notBefore < now || notBefore - now > MostAhead) return Refuse(PolicyProblems.NotBeforeOutOfRange);
        if (!life.IsInForce(diff.Baseline, notBefore)) return Refuse(PolicyProblems.BaselineChanged);

        var given = candidate.Approvals.Where(a => !candidate.IsBy(a.Approver)).ToList();
        if (given.Count < 2) return Refuse(PolicyProblems.ApprovalsMissing(given.Count));
        given.RemoveAll(a => now - a.At >= approvalLifetime);
        if (given.Count < 2) return Refuse(PolicyProblems.ApprovalsLapsed);
        given.RemoveAll(a => !life.Approvers.Contains(a.Approver));
        if (given.Count < 2) return Refuse(PolicyProblems.RoleLost);

        if (tail.Decisions > MostInTail) return Refuse(PolicyProblems.TooManyDecisions);
        if (tail.NewKind is { } kind) return Refuse(PolicyProblems.NewKind(kind));

        return Record(new PolicyActivated(
            candidate.Digest, candidate.PolicySetDigest, candidate.SchemaDigest, diff.Digest, diff.Position,
            StringSet.Of(given[0].Approver, given[1].Approver), notBefore, tail.To, tail.Counts, by, now));
    }
}

/// <summary>The decisions since a diff, replayed likewise.</summary>
/// <param name="To">The last position that was replayed.</param>
/// <param name="Decisions">How many there were.</param>
/// <param name="Counts">What would change.</param>
/// <param name="NewKind">A kind of change that the diff does not contain; null: there is none.</param>
public sealed record DiffTail(long To, long Decisions, DiffCounts Counts, DiffKind? NewKind);

/// <summary>The body of <c>POST /v1/policy/candidates/{candidate}/activation</c>.</summary>
/// <param name="DiffDigest">The report that was approved.</param>
/// <param name="Position">Its last position.</param>
/// <param name="NotBefore">From when on, RFC 3339, at most 30 days ahead; null: at once.</param>
public sealed record ActivationRequest(string? DiffDigest, long? Position, DateTimeOffset? NotBefore = null);

public static class ActivatePolicyEndpoint
{
    const int MostAttempts = 20;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/candidates/{candidate}/activation", Post).WithSummary("Activate a candidate")
            .WithDescription(
                "At once or at a time, once two approvers have approved its newest diff. It is refused when the diff does not "
                + "tell any more what would happen. It takes the place, for good, of activations that would come with it or after it.")
            .RequirePermission(Scopes.PolicyActivate)
            .Accepts<ActivationRequest>("application/json").Produces<StepAnswer>(201).Produces<StepAnswer>().ProducesProblem(404)
            .ProducesProblem(409);

    static async Task<IResult> Post(
        string candidate, HttpContext http, CommandContext context, PolicySteps steps, PolicyDiffs diffs, DecisionPauses pauses,
        PolicyOptions options)
    {
        var request = await RequestBody.ReadAsync(http, PolicyHttpJson.Default.ActivationRequest);
        new Validation()
            .Require(Digests.IsDigest(request.DiffDigest), "/diff_digest", Digests.Rule)
            .Require(request.Position >= 0, "/position", "is required: the last position of the report")
            .ThrowIfAny();

        var command = new ActivatePolicy(candidate, request.DiffDigest!, request.Position!.Value, request.NotBefore);
        var (replay, problem) = await diffs.TailAsync(context.Caller.TenantId, command, context.Cancel);
        if (problem is not null) return Problems.Answer(problem);

        IDisposable? pause = null;
        try
        {
            for (var attempt = 1; attempt <= MostAttempts; attempt++)
            {
                await replay.AdvanceAsync(context.Cancel);
                try
                {
                    return await steps.TakeAsync(
                        context, candidate, $"activate\n{candidate}\n{command.DiffDigest}\n{command.Position}\n{command.NotBefore:O}",
                        (life, now) => ActivatePolicy.Decide(command, life, replay.Tail, context.Caller.Subject, options.ApprovalLifetime, now));
                }
                catch (PostgresException e) when (e.SqlState == PolicyProjection.Overtaken)
                {
                    // What was decided meanwhile is replayed, too; and from now on no more comes, from this instance.
                    pause ??= pauses.Hold(context.Caller.TenantId);
                }
            }

            return Problems.Answer(PolicyProblems.Overtaken);
        }
        finally
        {
            pause?.Dispose();
        }
    }
}
