using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stet.Policy.Lifecycle;
using Stet.Tests.Http;
using static Stet.Tests.Policy.Lifecycle.Ordinary;

namespace Stet.Tests.Policy.Lifecycle;

/// <summary>What tests of policies ask of a tenant: people are named by <c>X-Actor</c>.</summary>
static class PolicyTenancy
{
    /// <summary>Drafts, diffs, approves twice and activates.</summary>
    /// <returns>The candidate's digest.</returns>
    public static async Task<string> ActivateAsync(this Tenant tenant, CandidateText text, DateTimeOffset? notBefore = null)
    {
        await tenant.NameApproversAsync();
        var (candidate, triple) = await tenant.DiffedAsync(text);
        foreach (var approver in (string[])[Bob, Cleo])
            (await tenant.StepAsync(candidate, "approvals", triple, approver)).ShouldBeDone();

        var activation = (JsonObject)triple.DeepClone();
        if (notBefore is { } time) activation["not_before"] = time.ToString("O", CultureInfo.InvariantCulture);
        (await tenant.StepAsync(candidate, "activation", activation, Dan)).ShouldBeDone();
        return candidate;
    }

    public static async Task NameApproversAsync(this Tenant tenant)
    {
        foreach (var approver in (string[])[Bob, Cleo])
            (await tenant.SendAsync(HttpMethod.Put, $"/v1/policy/approvers/{approver}", null)).Status.ShouldBe(200);
    }

    /// <summary>A candidate with a diff: its digest, and what approvers send back.</summary>
    public static async Task<(string Candidate, JsonObject Triple)> DiffedAsync(this Tenant tenant, CandidateText text)
    {
        var drafted = await tenant.DraftAsync(text);
        drafted.Status.ShouldBe(201, drafted.Text);
        ((string)drafted.Json["state"]!).ShouldBe("validated", drafted.Text);
        var candidate = (string)drafted.Json["candidate"]!;
        return (candidate, await tenant.DiffAsync(candidate));
    }

    public static async Task<JsonObject> DiffAsync(this Tenant tenant, string candidate, JsonObject? range = null)
    {
        var diffed = await tenant.StepAsync(candidate, "diff", range ?? [], Ada);
        diffed.ShouldBeDone();
        return TripleOf(diffed);
    }

    public static JsonObject TripleOf(Answer diffed) => new()
    {
        ["diff_digest"] = (string)diffed.Json["diff_digest"]!,
        ["position"] = (long)diffed.Json["position"]!,
    };

    public static Task<Answer> DraftAsync(this Tenant tenant, CandidateText text, string author = Ada, params (string, string)[] headers) =>
        tenant.PostAsync("/v1/policy/candidates", Draft(text), [("X-Actor", author), .. headers]);

    public static Task<Answer> StepAsync(
        this Tenant tenant, string candidate, string step, JsonNode body, string who, params (string, string)[] headers) =>
        tenant.PostAsync($"/v1/policy/candidates/{candidate}/{step}", body, [("X-Actor", who), .. headers]);

    public static JsonObject Draft(CandidateText text) => new()
    {
        ["policies"] = JsonSerializer.SerializeToNode(text.Policies, PolicyHttpJson.Default.EquatableArrayNamedPolicy),
        ["links"] = JsonSerializer.SerializeToNode(text.Links, PolicyHttpJson.Default.EquatableArrayNamedLink),
        ["obligations"] = JsonNode.Parse(text.Obligations),
        ["schema"] = text.Schema,
        ["tests"] = JsonNode.Parse(text.Tests),
    };

    public static void ShouldBeDone(this Answer answer) => answer.Status.ShouldBe(201, answer.Text);
}
