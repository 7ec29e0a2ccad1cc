using System.Text;
using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;

namespace Stet.Tests.Policy.Decisions;

/// <summary>Ordinary rules, entities and questions, varied with <c>with</c>.</summary>
static class Ordinary
{
    public const string SchemaText = """
        namespace App {
            entity Group;
            @authzen("user")
            entity User in [Group] {
                role?: String, level?: Long, score?: decimal, since?: datetime, patience?: duration, home?: ipaddr,
                tools?: Set<String>, boss?: User, address?: { city: String, zip?: Long },
                @governed tenant?: String
            };
            entity Doc { status: String, owner?: User };
            action read, write appliesTo {
                principal: User, resource: Doc,
                context: { now: datetime, ip?: ipaddr, action?: { soft?: Bool }, @governed weekday: Long }
            };
            action groupOnly;
            action join appliesTo { principal: User, resource: Group };
        }
        """;

    public static readonly DateTimeOffset Monday = new(2026, 11, 23, 9, 30, 0, TimeSpan.Zero);

    /// <summary>One that supports nothing.</summary>
    public static PepSupport Pep { get; } = new("gate", StringSet.Empty);

    public static PolicyInForce Rules { get; } = RulesOf(
        ("read-own", """permit (principal, action == App::Action::"read", resource) when { resource.status == "open" };"""),
        ("no-night", """
            forbid (principal, action, resource is App::Doc)
            when { context.now.toTime() < duration("6h") };
            """),
        ("editors", """
            @obligation("tell") @advice("hint")
            permit (principal in App::Group::"editors", action == App::Action::"write", resource);
            """));

    public static IEntities Known { get; } = EntitiesOf("""
        [{"uid":{"type":"App::User","id":"ada"},"attrs":{"role":"editor","tenant":"acme"},"parents":[{"type":"App::Group","id":"editors"}]},
         {"uid":{"type":"App::Doc","id":"d1"},"attrs":{"status":"open"},"parents":[]}]
        """);

    public static RecordedRequest Question { get; } = new(
        new Party("user", "ada", Attributes("App::User", "ada")), "read", new Party("App::Doc", "d1", Attributes("App::Doc", "d1")),
        RecordValue.Empty, Monday, StringSet.Empty);

    public static PolicyInForce RulesOf(params (string Id, string Text)[] policies)
    {
        var candidate = Lifecycle.Ordinary.Valid(new CandidateText(
            [.. policies.Select(p => new NamedPolicy(p.Id, p.Text))], [],
            """{"tell":{"type":"notification","properties":{"to":"dpo","body":"written"}},"hint":{"type":"custom","properties":{}}}""",
            SchemaText, "[]"));
        return candidate.Compile(candidate.ValidatedPolicies!, 7);
    }

    public static EntityStore EntitiesOf(string json) =>
        EntityStore.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default, Rules.Schema).Value.ShouldNotBeNull();

    public static RecordValue Record(string json) =>
        RecordValue.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default).Value.ShouldNotBeNull();

    /// <summary>A question in AuthZEN's JSON, with the ordinary parts for those it leaves out.</summary>
    public static AskedEvaluation Asked(string subject = "{}", string context = "{}", string? action = null, string resource = "{}") => new(
        new AskedParty("user", "ada", Json(subject)), "read", action is null ? default : Json(action), new AskedParty("App::Doc", "d1", Json(resource)), Json(context));

    public static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    static RecordValue Attributes(string type, string id) =>
        Known.TryGet(new EntityUid(type, id), out var entity) ? entity.Attributes : RecordValue.Empty;
}
