using System.Text.Json.Nodes;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Http;

namespace Stet.Tests.Policy.AuthZen;

/// <summary>What tests ask of a decision point: enforcement points are named by <c>X-Actor</c>.</summary>
static class DecisionTenancy
{
    public const string Evaluation = "/access/v1/evaluation";
    public const string Evaluations = "/access/v1/evaluations";
    public const string Search = "/access/v1/search";

    /// <summary>Who is in the group may read what is open; writing comes with an obligation; what is locked stays locked.</summary>
    public static CandidateText Rules { get; } = new(
        [
            new NamedPolicy("read-open", """permit (principal in team::"blue", action == Action::"read", resource) when { resource has open && resource.open };"""),
            new NamedPolicy("write", """@obligation("tell") @advice("hint") permit (principal in team::"blue", action == Action::"write", resource);"""),
            new NamedPolicy("locked", """forbid (principal, action, resource) when { resource has locked && resource.locked };"""),
            new NamedPolicy("costly", """permit (principal, action == Action::"spend", resource) when { context.amount * 2 > 10 };"""),
        ],
        [],
        """{"tell":{"type":"notification","properties":{"to":"dpo","body":"written"}},"hint":{"type":"custom","properties":{"n":1}}}""",
        """
        entity team;
        entity user in [team] { name?: String };
        entity doc { open?: Bool, @governed locked?: Bool };
        action read, write appliesTo { principal: user, resource: doc };
        action spend appliesTo { principal: user, resource: doc, context: { amount: Long } };
        """, "[]");

    public static JsonArray People { get; } =
    [
        Scenarios.Entity("user", "ada", new JsonObject(), ("team", "blue")), Scenarios.Entity("user", "eve", new JsonObject()),
        Scenarios.Entity("doc", "plan", new JsonObject { ["open"] = true }), Scenarios.Entity("doc", "diary", new JsonObject { ["open"] = false }),
        Scenarios.Entity("doc", "vault", new JsonObject { ["open"] = true, ["locked"] = true }),
    ];

    /// <summary>A tenant with ordinary rules and people.</summary>
    public static Task<Tenant> NewAsync(TestService? service = null) => Scenarios.NewAsync(Rules, People, service);

    public static JsonObject Question(string subject = "ada", string action = "read", string resource = "plan") => new()
    {
        ["subject"] = new JsonObject { ["type"] = "user", ["id"] = subject },
        ["action"] = new JsonObject { ["name"] = action },
        ["resource"] = new JsonObject { ["type"] = "doc", ["id"] = resource },
    };

    /// <summary>Asks and gives the decision.</summary>
    public static async Task<bool> AskAsync(this Tenant tenant, JsonObject question)
    {
        var answer = await tenant.PostAsync(Evaluation, question);
        answer.Status.ShouldBe(200, answer.Text);
        return (bool)answer.Json["decision"]!;
    }

    public static async Task<JsonNode> RecordedAsync(this Tenant tenant, Answer answer)
    {
        var recorded = await tenant.GetAsync($"/v1/policy/decisions/{answer.Headers["Stet-Evaluation-Id"]}");
        recorded.Status.ShouldBe(200, recorded.Text);
        return recorded.Json["decision"]!;
    }

    public static Task<Answer> PutAsync(this Tenant tenant, string url, string body, params (string, string)[] headers) =>
        tenant.SendAsync(HttpMethod.Put, url, System.Text.Encoding.UTF8.GetBytes(body), headers);

    public static long Position(this Answer answer) => long.Parse(answer.Headers["Stet-Position"]);
}
