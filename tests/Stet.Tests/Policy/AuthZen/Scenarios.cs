using System.Text.Json.Nodes;
using Stet.Policy.Lifecycle;
using Stet.Testing;
using Stet.Tests.Http;
using Stet.Tests.Policy.Lifecycle;

namespace Stet.Tests.Policy.AuthZen;

/// <summary>The rules behind each conformance scenario, written in Cedar, and tenants that go by them.</summary>
static class Scenarios
{
    public static CandidateText Certification { get; } = Text(
        """
        entity user { role?: String };
        entity record { status?: String };
        action read, write appliesTo { principal: user, resource: record };
        action delete appliesTo { principal: user, resource: record, context: { action?: { soft?: Bool } } };
        """,
        """
        permit (principal, action == Action::"read", resource)
        when { [user::"alice", user::"bob"].contains(principal) && resource has status };
        """,
        """
        permit (principal == user::"alice", action == Action::"write", resource)
        when { resource has status && resource.status != "archived" };
        """,
        """
        permit (principal, action == Action::"write", resource)
        when { principal has role && principal.role == "admin" && resource has status && resource.status == "archived" };
        """,
        """
        permit (principal == user::"alice", action == Action::"delete", resource)
        when { resource has status && context has action.soft && context.action.soft };
        """);

    public static CandidateText Todo { get; } = Text(
        """
        entity user { email?: String, name?: String, roles?: Set<String> };
        entity todo { ownerID?: String };
        action can_read_user appliesTo { principal: user, resource: user };
        action can_read_todos, can_create_todo, can_update_todo, can_delete_todo appliesTo { principal: user, resource: todo };
        """,
        """
        permit (principal, action in [Action::"can_read_user", Action::"can_read_todos"], resource) when { principal has email };
        """,
        """
        permit (principal, action == Action::"can_create_todo", resource)
        when { principal has roles && principal.roles.containsAny(["admin", "editor"]) };
        """,
        """
        permit (principal, action == Action::"can_update_todo", resource)
        when { principal has roles && principal.roles.contains("evil_genius") };
        """,
        """
        permit (principal, action == Action::"can_delete_todo", resource)
        when { principal has roles && principal.roles.contains("admin") };
        """,
        """
        permit (principal, action in [Action::"can_update_todo", Action::"can_delete_todo"], resource)
        when {
            principal has roles && principal.roles.contains("editor") &&
            principal has email && resource has ownerID && principal.email == resource.ownerID
        };
        """);

    public static CandidateText Gateway { get; } = Text(
        """
        entity identity { email?: String, name?: String, roles?: Set<String> };
        entity route;
        action GET, POST, PUT, DELETE appliesTo { principal: identity, resource: route };
        """,
        """
        permit (principal, action == Action::"GET", resource)
        when { [route::"/users/{userId}", route::"/todos"].contains(resource) && principal has email };
        """,
        """
        permit (principal, action == Action::"POST", resource == route::"/todos")
        when { principal has roles && principal.roles.containsAny(["admin", "editor"]) };
        """,
        """
        permit (principal, action == Action::"DELETE", resource == route::"/todos/{todoId}")
        when { principal has roles && principal.roles.containsAny(["admin", "editor"]) };
        """,
        """
        permit (principal, action == Action::"PUT", resource == route::"/todos/{todoId}")
        when { principal has roles && principal.roles.containsAny(["evil_genius", "editor"]) };
        """);

    public static CandidateText IdentityProvider { get; } = Text(
        """
        entity user { role: String, department: String };
        entity record { title: String, department: String, owner: user };
        action view, edit, delete appliesTo { principal: user, resource: record };
        """,
        """
        permit (principal, action, resource) when { resource has owner && resource.owner == principal };
        """,
        """
        permit (principal, action == Action::"view", resource)
        when { principal has role && resource has department && (principal.role == "manager" || principal.department == resource.department) };
        """,
        """
        permit (principal, action == Action::"edit", resource)
        when { principal has role && resource has department && principal.role == "manager" && principal.department == resource.department };
        """);

    /// <summary>A tenant that goes by these rules and knows these entities.</summary>
    public static async Task<Tenant> NewAsync(CandidateText rules, JsonArray entities, TestService? service = null)
    {
        var tenant = new Tenant((service ?? await TestService.SharedAsync()).Client());
        await tenant.ActivateAsync(rules);
        (await tenant.PostAsync("/v1/policy/entities/import", entities)).Status.ShouldBe(200);
        return tenant;
    }

    public static async Task<Tenant> CertificationAsync(TestService? service = null)
    {
        var fixture = SharedData.Json("fixtures.json")["certification"]!;
        return await NewAsync(
            Certification,
            [
                .. fixture["subjects"]!.AsArray().Concat(fixture["resources"]!.AsArray())
                    .Select(e => Entity((string)e!["type"]!, (string)e["id"]!, e["properties"] ?? new JsonObject())),
            ],
            service);
    }

    public static Task<Tenant> TodoAsync() => NewAsync(Todo, PeopleOf("user"));

    public static Task<Tenant> GatewayAsync() => NewAsync(Gateway, PeopleOf("identity"));

    public static Task<Tenant> IdentityProviderAsync()
    {
        var fixture = SharedData.Json("fixtures.json")["search"]!;
        var users = fixture["users"]!.AsArray().Select(u => Entity(
            "user", (string)u!["id"]!, new JsonObject { ["role"] = (string)u["role"]!, ["department"] = (string)u["department"]! }));
        var records = fixture["records"]!.AsArray().Select(r => Entity("record", (string)r!["id"]!, new JsonObject
        {
            ["title"] = (string)r["title"]!,
            ["department"] = (string)r["department"]!,
            ["owner"] = new JsonObject { ["type"] = "user", ["id"] = (string)r["owner"]! },
        }));
        return NewAsync(IdentityProvider, [.. users, .. records]);
    }

    public static JsonObject Entity(string type, string id, JsonNode attributes, params (string Type, string Id)[] parents) => new()
    {
        ["uid"] = new JsonObject { ["type"] = type, ["id"] = id },
        ["attrs"] = attributes.DeepClone(),
        ["parents"] = new JsonArray([.. parents.Select(p => new JsonObject { ["type"] = p.Type, ["id"] = p.Id })]),
    };

    static JsonArray PeopleOf(string type) =>
    [
        .. SharedData.Json("fixtures.json")["todo"]!["users"]!.AsObject().Select(person => Entity(type, person.Key, person.Value!)),
    ];

    internal static CandidateText Text(string schema, params string[] policies) => new(
        [.. policies.Select((policy, i) => new NamedPolicy($"rule-{i + 1}", policy))], [], "{}", schema, "[]");
}
