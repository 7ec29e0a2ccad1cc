using System.Text.Json.Nodes;
using Stet.CommandLine;
using Stet.Policy.Catalog;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Http;
using Stet.Tests.Policy.Lifecycle;

namespace Stet.Tests.Policy.AccessRequests;

/// <summary>A tenant with the ready-made rules for agents in force, and the entities of their tests on record.</summary>
sealed class AgentTenancy
{
    const string Gateway = "gateway";

    static readonly Lazy<(CandidateText Rules, JsonNode Entities)> catalog = new(() =>
    {
        var folder = TestCluster.NewFolder();
        AgentCatalog.WriteTo(folder);
        return (PolicyFiles.Read([folder]).Text(withTests: false), JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tests/entities.json")))!);
    });

    /// <summary>One that is there already, as this tenant's client sees it.</summary>
    public AgentTenancy(Tenant tenant) => Tenant = tenant;

    public Tenant Tenant { get; }

    public static async Task<AgentTenancy> NewAsync(Tenant? tenant = null, bool drafts = true)
    {
        var agents = new AgentTenancy(tenant ?? await Tenant.NewAsync());
        await agents.Tenant.ActivateAsync(catalog.Value.Rules);
        (await agents.Tenant.PostAsync("/v1/policy/entities/import", catalog.Value.Entities.DeepClone())).Status.ShouldBe(200);
        if (drafts) await agents.RegisterAsync("access_request");
        return agents;
    }

    public async Task RegisterAsync(params string[] drafts)
    {
        var body = new JsonObject { ["drafts"] = new JsonArray([.. drafts.Select(d => JsonValue.Create(d))]) };
        var answer = await Tenant.SendAsync(
            HttpMethod.Put, $"/v1/policy/peps/{Gateway}", System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()), ("X-Actor", "admin"));
        answer.Status.ShouldBe(200, answer.Text);
    }

    /// <summary>A tool call of Ada's support bot.</summary>
    public static JsonObject Call(string tool = "refund_order", string agent = "support-bot", string subject = "ada", JsonNode? approval = null)
    {
        var context = new JsonObject { ["agent"] = agent };
        if (approval is not null) context["approval"] = approval.DeepClone();
        return new JsonObject
        {
            ["subject"] = new JsonObject { ["type"] = "identity", ["id"] = subject },
            ["action"] = new JsonObject { ["name"] = "tools/call" },
            ["resource"] = new JsonObject { ["type"] = "tool", ["id"] = tool },
            ["context"] = context,
        };
    }

    public async Task<JsonNode> EvaluateAsync(JsonObject question)
    {
        var answer = await Tenant.PostAsync("/access/v1/evaluation", question, ("X-Actor", Gateway));
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json;
    }

    /// <summary>What refers to a denial.</summary>
    public static JsonObject Reference(JsonNode denied) => new()
    {
        ["evaluation_id"] = (string)denied["context"]!["evaluation_id"]!,
        ["expires_at"] = (string)denied["context"]!["access_request"]!["expires_at"]!,
    };

    public Task<Answer> RequestAsync(JsonObject question, JsonObject denial, string pep = Gateway)
    {
        var body = question.DeepClone().AsObject();
        body["denial"] = denial.DeepClone();
        return Tenant.PostAsync("/access/v1/requests", body, ("X-Actor", pep));
    }

    public Task<Answer> TaskAsync(string id, string pep = Gateway) => Tenant.GetAsync($"/access/v1/requests/{id}", ("X-Actor", pep));

    /// <summary>A person's step: <c>approval</c>, <c>denial</c> or <c>revocation</c>.</summary>
    public Task<Answer> DecideAsync(string id, string step, string person = "carol", string? why = "because") => Tenant.PostAsync(
        $"/v1/policy/access-requests/{id}/{step}", new JsonObject { [step == "approval" ? "note" : "reason"] = why }, ("X-Actor", person));

    /// <summary>A refund that was denied and asked for: the id of the request.</summary>
    public async Task<string> RequestedAsync()
    {
        var denial = Reference(await EvaluateAsync(Call()));
        (await RequestAsync(Call(), denial)).Status.ShouldBe(202);
        return (string)denial["evaluation_id"]!;
    }

    /// <summary>A refund that was approved: what goes into the next question.</summary>
    public async Task<JsonNode> ApprovedAsync()
    {
        var id = await RequestedAsync();
        (await DecideAsync(id, "approval")).Status.ShouldBe(200);
        return (await TaskAsync(id)).Json["result"]!["approval"]!;
    }
}
