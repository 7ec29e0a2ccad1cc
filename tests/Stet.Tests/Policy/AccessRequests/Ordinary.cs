using Stet.Policy.AccessRequests;

namespace Stet.Tests.Policy.AccessRequests;

/// <summary>One ordinary access request, varied with <c>with</c>.</summary>
static class Ordinary
{
    public static readonly Guid Denial = new("01a1fc2c-e334-7606-a1d8-5fd0e177f7d5");

    public static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    public static AccessScope Scope { get; } = new(
        "identity", "ada", "tools/call", "tool", "refund_order",
        FieldValue.FromCanonical("""{"context":{"agent":"support-bot"},"resource":{},"subject":{}}"""));

    /// <summary>The same with all that was sent.</summary>
    public static AccessScope WholeScope { get; } = Scope with { AskedDigest = new('a', 64) };

    public static RequestAccess Asked { get; } = new(
        Denial, Scope, StringSet.Of("tool-needs-approval"), TimeSpan.FromHours(4), "gateway", Noon);

    public static AccessRequested Requested { get; } = new(
        Denial, Scope, Asked.Policies, 14_400, "gateway", Noon.AddMinutes(1), Noon.AddMinutes(1) + AccessRequest.Open);

    public static AccessApproved Approved { get; } = new(
        Denial, "carol", "the customer is right", Noon.AddMinutes(5), Noon.AddMinutes(5).AddHours(4));

    public static AccessDenied Denied { get; } = new(Denial, "carol", "too much money", Noon.AddMinutes(5));

    public static AccessRequestCancelled Cancelled { get; } = new(Denial, "gateway", Noon.AddMinutes(5));

    public static AccessApprovalRevoked Revoked { get; } = new(Denial, "dave", "a mistake", Noon.AddMinutes(10));

    public static AccessRequest Pending => AccessRequest.Create(Requested);
}
