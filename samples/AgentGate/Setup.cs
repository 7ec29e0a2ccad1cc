using System.Text;
using System.Text.Json.Nodes;
using Stet.Cedar;
using Stet.Client.Api;

namespace AgentGate;

/// <summary>Puts the ready-made rules for agents in force: drafted by one person, approved by two others.</summary>
static class Setup
{
    static readonly string folder = Path.Combine(AppContext.BaseDirectory, "policies");

    /// <returns>The candidate that decides from now on.</returns>
    public static async Task<string> RunAsync(People people, CancellationToken cancel)
    {
        var (admin, alice) = (people.As("admin"), people.As("alice"));
        string[] approvers = ["bob", "carol"];
        foreach (var approver in approvers) await admin.Policy.NameApproverAsync(approver, cancel: cancel);

        var drafted = (await alice.Policy.DraftAsync(Candidate(), cancel: cancel)).Value;
        if (drafted.State != CandidateState.Validated)
            throw new InvalidOperationException($"The rules are not valid: {drafted.Findings[0].Message}");

        var diff = (await alice.Policy.DiffAsync(drafted.Candidate, cancel: cancel)).Value;
        foreach (var approver in approvers) await people.As(approver).Policy.ApproveAsync(diff.Shown, cancel: cancel);
        await alice.Policy.ActivateAsync(diff.Shown, cancel: cancel);

        await admin.Entities.ImportJsonAsync(Encoding.UTF8.GetBytes(Read("tests/entities.json")), cancel: cancel);
        await admin.Decisions.RegisterAsync("gateway", new PepSettings { Drafts = [AuthZenDraft.AccessRequest] }, cancel: cancel);
        return drafted.Candidate;
    }

    static NewCandidate Candidate()
    {
        var policies = new List<NamedPolicy>();
        foreach (var file in Directory.GetFiles(folder, "*.cedar"))
        {
            var parsed = PolicySet.ParseAll(File.ReadAllText(file), [], CedarLimits.Default).Value
                ?? throw new InvalidOperationException($"{file} cannot be parsed");
            policies.AddRange(parsed.Policies.Select(p => new NamedPolicy(p.FindAnnotation("id")!.Value!, p.Source.PolicyText)));
        }

        return new NewCandidate(policies, Read("agents.cedarschema")) { Obligations = JsonNode.Parse(Read("obligations.json"))!.AsObject() };
    }

    static string Read(string file) => File.ReadAllText(Path.Combine(folder, file));
}
