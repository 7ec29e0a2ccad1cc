using System.Text.Json;

namespace Stet.Cedar.Tests.Conformance;

public class SupplementSpecs
{
    static readonly JsonElement Supplement =
        JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Data", "supplement.json")));

    static readonly string Entities = Supplement.GetProperty("entities").GetRawText();

    [Fact]
    public void Every_expression_of_the_supplement_comes_out_as_expected()
    {
        var cases = Supplement.GetProperty("expressionCases").EnumerateArray().ToList();

        cases.Select(test => (Id: Text(test, "id"), Expression: Text(test, "expr"), Came: Result(test), Expected: Expected(test)))
            .Where(test => test.Came != test.Expected).ShouldBeEmpty();

        cases.Count.ShouldBe(324);
    }

    [Fact]
    public void Every_policy_set_of_the_supplement_comes_out_as_expected()
    {
        var cases = Supplement.GetProperty("policySetCases").EnumerateArray().ToList();

        foreach (var test in cases)
        {
            var links = test.TryGetProperty("templateLinks", out var json) ? json.EnumerateArray().Select(Link).ToArray() : [];
            var loaded = ConformanceCase.Load(Text(test, "policies"), Entities, links);
            loaded.Differences(JsonElement.Parse($"[{test.GetRawText()}]"), Text(test, "id")).ShouldBeEmpty();
        }

        cases.Count.ShouldBe(25);
    }

    static string Result(JsonElement test)
    {
        var text = $"permit(principal, action, resource) when {{ {Text(test, "expr")} }};";
        if (PolicySet.ParseAll(text, [], CedarLimits.Default).Value is not { } policies) return "parse-error";

        var context = test.TryGetProperty("context", out var json) ? Cedar.Record(json.GetRawText()) : RecordValue.Empty;
        var request = new Request(new("User", "bob"), new("Action", "view"), new("Doc", "d1"), context);
        var answer = PolicySnapshot.CompileUnvalidated(policies).Authorize(request, Cedar.Entities(Entities));

        return (answer.Allowed, answer.Errors.Length) switch { (true, 0) => "true", (false, 0) => "false", _ => "error" };
    }

    static string Expected(JsonElement test) => test.GetProperty("expect") switch
    {
        { ValueKind: JsonValueKind.True } => "true",
        { ValueKind: JsonValueKind.False } => "false",
        var other => other.GetString() == "parse-error" ? "parse-error" : "error",
    };

    static TemplateLink Link(JsonElement json)
    {
        var values = json.GetProperty("values");
        return new TemplateLink(
            new(Text(json, "templateId")), new(Text(json, "newId")), Slot(values, "?principal"), Slot(values, "?resource"));
    }

    static EntityUid? Slot(JsonElement values, string slot) =>
        values.TryGetProperty(slot, out var uid) ? ConformanceCase.Uid(uid) : null;

    static string Text(JsonElement json, string member) => json.GetProperty(member).GetString()!;
}
