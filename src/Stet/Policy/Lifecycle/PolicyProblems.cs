using System.Globalization;

namespace Stet.Policy.Lifecycle;

/// <summary>Every reason a step of the life of policies is refused. Clients match on the code.</summary>
public static class PolicyProblems
{
    public static Problem Unreadable(IReadOnlyList<PolicyFinding> findings) => new(
        "policy_unreadable", 400, "The candidate cannot be read",
        $"{findings.Count} finding(s), the first: {findings[0].Message}")
    { WriteMembers = json => PolicyJson.WriteFindings(json, findings) };

    public static Problem NotFound(string candidate) => new(
        "candidate_not_found", 404, "No such candidate", $"no candidate `{candidate}` has been drafted, or it was closed long ago");

    public static Problem Exists(string candidate) => new(
        "candidate_exists", 409, "The candidate is drafted already", $"`{candidate}` is open: go on with it, or withdraw it first");

    public static Problem InUse(string candidate) => new(
        "policy_in_use", 409, "The candidate is in force or about to be",
        $"`{candidate}` decides, or will: draft something else, or activate another first");

    public static Problem TooManyOpen { get; } = new(
        "candidates_full", 409, "Too many candidates are open",
        $"at most {PolicyLife.MostOpen} candidates are open at once: reject or retire some");

    public static Problem Closed(CandidateLife candidate) => new(
        "candidate_closed", 409, "The candidate has come to its end",
        $"`{candidate.Digest}` is {candidate.State}: draft it anew to go through all steps again");

    public static Problem NotValidated(string candidate) => new(
        "candidate_not_validated", 409, "The candidate is not validated", $"validate `{candidate}` first");

    public static Problem NotDiffed(string candidate) => new(
        "candidate_not_diffed", 409, "The candidate has no diff", $"make a diff of `{candidate}` first, and look at it");

    public static Problem ApprovalBySelf { get; } = new(
        "approval_by_author", 409, "An author cannot approve", "two other people have to approve what one has drafted");

    public static Problem ApprovalRepeated { get; } = new(
        "approval_repeated", 409, "The approval is given already", "the second approval has to be somebody else's");

    public static Problem NotAnApprover(string subject) => new(
        "approver_role_missing", 403, "The caller is no approver",
        $"`{subject}` is not among the tenant's approvers: see `PUT /v1/policy/approvers/{{approver}}`");

    public static Problem ApprovalStale(CandidateDiff current) => new(
        "approval_stale", 409, "The approval is of something else",
        "the candidate's newest diff is another one: look at it and approve that")
    {
        WriteMembers = json =>
        {
            json.WriteString("diff_digest", current.Digest);
            json.WriteNumber("diff_position", current.Position);
        },
    };

    public static Problem ApprovalsMissing(int given) => new(
        "approvals_missing", 409, "Two approvals are needed",
        string.Create(CultureInfo.InvariantCulture, $"the candidate's newest diff has {given} of 2 approvals"));

    public static Problem ApprovalsLapsed { get; } = new(
        "approvals_lapsed", 409, "The approvals have lapsed", "two approvals that are recent enough are needed: approve again");

    public static Problem RoleLost { get; } = new(
        "approver_role_lost", 409, "An approver is none any more",
        "two approvals of people who are approvers now are needed: have another approve");

    public static Problem NotBeforeOutOfRange { get; } = new(
        "not_before_out_of_range", 400, "The time of activation is out of range",
        "`not_before` must not be past, nor more than 30 days ahead");

    /// <param name="reason">
    /// <c>newer_diff</c>, <c>baseline_changed</c>, <c>too_many_decisions</c>, <c>new_kind</c> or <c>engine_changed</c>.
    /// </param>
    /// <param name="detail">What happened since the diff.</param>
    public static Problem DiffStale(string reason, string detail) => new(
        "diff_stale", 409, "The approved diff does not tell what would happen now", $"{detail}: make a new diff and have it approved")
    { WriteMembers = json => json.WriteString("reason", reason) };

    public static Problem NewerDiff { get; } = DiffStale("newer_diff", "the candidate has a newer diff");

    public static Problem BaselineChanged { get; } = DiffStale(
        "baseline_changed", "other policies than those of the diff are in force, or will be by then");

    public static Problem EngineChanged { get; } = DiffStale("engine_changed", "the engine that runs now makes another report of the same decisions");

    public static Problem TooManyDecisions { get; } = DiffStale(
        "too_many_decisions", string.Create(
            CultureInfo.InvariantCulture, $"more than {ActivatePolicy.MostInTail} decisions were made since the diff"));

    public static Problem NewKind(DiffKind kind) => DiffStale(
        "new_kind", $"since the diff there was a kind of change that it does not contain: {kind.Class} of `{kind.Action}`");

    public static Problem Overtaken { get; } = new(
        "activation_overtaken", 503, "Decisions keep overtaking the activation",
        "other instances record decisions faster than they are replayed: try again, or name a `not_before` some seconds ahead")
    { RetryAfterSeconds = 1 };

    public static Problem NothingInForce { get; } = new(
        "no_active_policy", 409, "No policy is in force", "there is nothing to roll back from");

    public static Problem RollbackUnknown(string candidate) => new(
        "rollback_not_recent", 409, "It was not in force lately",
        $"`{candidate}` was not in force within the last 30 days: draft it anew");

    public static Problem RollbackRetired(string candidate) => new(
        "rollback_retired", 409, "It was retired", $"`{candidate}` was retired: draft it anew");

    public static Problem RollbackSchema { get; } = new(
        "rollback_other_schema", 409, "It has another schema",
        "only what has the schema in force can be rolled back to: requests are translated by it");

    public static Problem WillNotLoad(string candidate) => new(
        "policy_will_not_load", 409, "The engine does not accept the candidate",
        $"`{candidate}` is not valid for the engine that runs now: validate it to see why");

    public static Problem TooManyApprovers { get; } = new(
        "approvers_full", 409, "There are too many approvers", $"at most {NameApprover.Most} approvers can be named");

    public static Problem AuditRunning { get; } = new(
        "audit_running", 503, "The decisions are being audited", "another audit of them is under way: try again when it has ended")
    { RetryAfterSeconds = 5 };

    public static Problem PromotionTooLarge { get; } = new(
        "promotion_too_large", 409, "The decision reaches too many entities",
        string.Create(CultureInfo.InvariantCulture, $"a test holds {DecisionPromotion.MostEntities} entities at most: write one by hand"));

    public static Problem PromotionWithoutPolicies { get; } = new(
        "promotion_without_policies", 409, "No policy was in force for the decision", "under a candidate it never comes out as recorded: promote another");

    public static Problem PromotionWithoutQuestion { get; } = new(
        "promotion_without_question", 409, "The decision is about no question",
        "an item of a batch that could not be read makes no test: promote another");

    public static Problem DiffTooLarge { get; } = new(
        "diff_too_large", 409, "Too many decisions",
        string.Create(CultureInfo.InvariantCulture, $"a diff looks at {PolicyDiffs.Most} decisions at most: name a later `from`"));

    public static Problem DiffNotRunning(string candidate) => new(
        "diff_not_running", 404, "No diff is being made", $"this instance makes no diff of `{candidate}` now");

    public static Problem DiffNotFound(string digest) => new(
        "diff_not_found", 404, "No such diff", $"no diff `{digest}` of this candidate has been recorded");
}
