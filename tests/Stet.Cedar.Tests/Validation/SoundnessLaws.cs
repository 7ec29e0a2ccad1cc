using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.Cedar.Tests.Validation;

public class SoundnessLaws
{
    static readonly EntityStore[] Worlds =
    [
        EntityStore.Empty,
        World("""[{"uid": {"type": "User", "id": "ada"}, "parents": [], "attrs": {"age": 36, "name": "Ada", "since": "2025-01-01", "badges": []}}]"""),
        World("""
            [{"uid": {"type": "User", "id": "ada"}, "parents": [{"type": "Team", "id": "t"}], "attrs": {"age": 36, "name": "Ada", "nickname": "a", "since": "2025-01-01",
               "badges": ["x"], "home": {"city": "Lyon"}, "manager": {"type": "User", "id": "bob"}}},
             {"uid": {"type": "User", "id": "bob"}, "parents": [], "attrs": {"age": 1, "name": "Bob", "since": "2025-01-01", "badges": [], "home": {"city": "Lyon", "street": "x"}}},
             {"uid": {"type": "Document", "id": "d"}, "parents": [{"type": "Folder", "id": "f"}], "tags": {"x": "y"},
               "attrs": {"owner": {"type": "User", "id": "bob"}, "readers": [{"type": "User", "id": "ada"}], "score": "0.5", "secret": true}}]
            """),
    ];

    static readonly string[] Contexts = ["""{"ip": "10.0.0.1"}""", """{"ip": "::1", "mfa": true, "color": {"type": "Color", "id": "red"}}"""];

    [Fact]
    public void A_valid_policy_fails_at_nothing_but_overflow_and_absent_entities()
    {
        var valid = 0;

        Prop.ForAll(Truth(4).ToArbitrary(), expression =>
        {
            var policies = Cedar.Policies($"permit(principal, action == Action::\"read\", resource is Document) when {{ {expression} }};");
            if (Validating.Documents.Validate(policies) is not { Value: { } validated, Findings: var findings }) return;

            valid++;
            var snapshot = PolicySnapshot.Compile(validated);

            foreach (var world in Worlds)
            {
                foreach (var context in Contexts)
                {
                    var answer = snapshot.Authorize(Request(context), world);
                    answer.Errors.Select(error => error.Error.Kind)
                        .ShouldBeSubsetOf([EvaluationErrorKind.Overflow, EvaluationErrorKind.EntityAbsent], expression);

                    // What is said to be never true is not.
                    if (!findings.IsEmpty) answer.Allowed.ShouldBeFalse(expression);
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(4_000));

        valid.ShouldBeGreaterThan(500);
    }

    static Gen<string> Truth(int depth)
    {
        var simple = Gen.Elements(
            "true", "false", "context.mfa", "context has mfa", "principal has nickname", "principal has home", "principal has home.street",
            "principal has manager", "principal has nothing", "principal is User", "principal is Team", "resource.secret", "resource has secret",
            "resource.hasTag(\"x\")", "resource.hasTag(principal.name)", "principal in Team::\"t\"", "principal in Folder::\"f\"",
            "action in Action::\"anything\"", "principal == resource.owner", "principal == resource", "context.ip.isIpv4()",
            "resource.readers.contains(principal)", "principal.badges.isEmpty()");
        if (depth == 0) return simple;

        var (part, text, number) = (Truth(depth - 1), Text(depth - 1), Number(depth - 1));
        return Gen.OneOf(
            simple,
            from left in part from right in part select $"({left} && {right})",
            from left in part from right in part select $"({left} && {right})",
            from left in part from right in part select $"({left} || {right})",
            from operand in part select $"!({operand})",
            from condition in part from then in part from otherwise in part select $"(if {condition} then {then} else {otherwise})",
            from left in text from right in text select $"(({left}) == ({right}))",
            from left in part from right in part select $"(({left}) == ({right}))",
            from left in number from right in number select $"(({left}) <= ({right}))",
            from left in text from right in number select $"([{left}, \"x\"].contains(\"x\") && {right} != 1)");
    }

    static Gen<string> Text(int depth)
    {
        var simple = Gen.Elements(
            "\"x\"", "\"Ada\"", "principal.name", "principal.nickname", "principal.home.city", "principal.home.street",
            "principal.manager.name", "resource.owner.nickname", "resource.getTag(\"x\")", "resource.getTag(principal.name)", "principal.age");
        if (depth == 0) return simple;

        var part = Text(depth - 1);
        return Gen.OneOf(
            simple, simple,
            from condition in Truth(depth - 1) from then in part from otherwise in part select $"(if {condition} then {then} else {otherwise})",
            from value in part select $"{{a: {value}}}.a");
    }

    static Gen<string> Number(int depth)
    {
        var simple = Gen.Elements("1", "9223372036854775807", "principal.age", "principal.manager.age", "resource.owner.age");
        return depth == 0
            ? simple
            : Gen.OneOf(simple, from left in Number(depth - 1) from right in Number(depth - 1) select $"({left} + {right})");
    }

    static Request Request(string context) => new(
        new("User", "ada"), new("Action", "read"), new("Document", "d"),
        Cedar.Record(context, Validating.Documents.ContextShape(new("Action", "read"))));

    static EntityStore World(string json)
    {
        var world = Cedar.Value(EntityStore.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default, Validating.Documents));
        world.All.SelectMany(entity => Validating.Documents.Check(entity)).ShouldBeEmpty();
        return world;
    }
}
