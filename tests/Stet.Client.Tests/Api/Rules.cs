using System.Text.Json.Nodes;
using Stet.Client.Api;

namespace Stet.Client.Tests.Api;

/// <summary>Rules in force for a tenant: tools may be called, a refund takes a person's yes, an export a second factor.</summary>
static class Rules
{
    const string Schema = """
        @authzen("identity") entity Identity;
        @authzen("tool") entity Tool;
        type Approval = { id: String, approved_until: datetime };
        action "tools/call" appliesTo { principal: Identity, resource: Tool, context: { @governed approval?: Approval, urgent?: Bool } };
        """;

    public static NewCandidate Candidate => new(
        [
            new("calls", """permit (principal is Identity, action == Action::"tools/call", resource is Tool);"""),
            new("refunds", """
                @access_request("4h")
                forbid (principal, action, resource == Tool::"refund_order") unless { context has approval };
                """),
            new("exports", """
                @obligation("step-up")
                permit (principal, action, resource == Tool::"export_orders");
                """),
        ],
        Schema)
    {
        Obligations = JsonNode.Parse("""{"step-up":{"type":"step-up","properties":{"acr_value":"urn:example:strong"}}}""")!.AsObject(),
    };

    /// <summary>Nobody calls anything any more.</summary>
    public static NewCandidate Stricter =>
        Candidate with { Policies = [.. Candidate.Policies, new("nothing", "forbid (principal, action, resource);")] };

    /// <summary>Puts them in force, and registers an enforcement point for access requests and obligations.</summary>
    public static async Task ActivateAsync(People people, string pep = "gateway")
    {
        await ActivateAsync(people, Candidate);
        await people.Admin.Entities.ImportAsync(
            [new(new("Identity", "ada")), new(new("Tool", "find_order")), new(new("Tool", "refund_order"))]);
        await people.Admin.Decisions.RegisterAsync(
            pep, new PepSettings { Drafts = [AuthZenDraft.AccessRequest, AuthZenDraft.Obligations] });
    }

    /// <summary>Alice drafts it, Bob and Carol approve it.</summary>
    public static async Task<ShownDiff> ActivateAsync(People people, NewCandidate candidate)
    {
        await people.Admin.Policy.NameApproverAsync("bob");
        await people.Admin.Policy.NameApproverAsync("carol");
        var drafted = (await people.Alice.Policy.DraftAsync(candidate)).Value;
        var shown = (await people.Alice.Policy.DiffAsync(drafted.Candidate)).Value.Shown;
        await people.Bob.Policy.ApproveAsync(shown);
        await people.Carol.Policy.ApproveAsync(shown);
        await people.Alice.Policy.ActivateAsync(shown);
        return shown;
    }
}
