using System.Text;

namespace Stet.Cedar.Tests;

public class LimitSpecs
{
    static readonly CedarLimits Small = new()
    {
        PolicyBytes = 1_024,
        Depth = 8,
        SetElements = 16,
        RecordKeys = 16,
        Policies = 2,
        Entities = 2,
        Ancestors = 16,
    };

    [Fact]
    public void A_set_of_records_is_read_in_one_go()
    {
        var limits = new CedarLimits { SetElements = 65_536 };
        var json = $"{{\"set\":[{string.Join(',', Enumerable.Range(0, 65_536).Select(i => $"{{\"n\":{i}}}"))}]}}";

        var watch = System.Diagnostics.Stopwatch.StartNew();
        RecordValue.ParseJson(Encoding.UTF8.GetBytes(json), limits).Value.ShouldNotBeNull();
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_policy_has_at_most_so_many_bytes_in_UTF_8()
    {
        var fits = "permit(principal, action, resource); //";
        fits += new string('é', (1_024 - fits.Length) / 2) + (fits.Length % 2 == 0 ? "" : "e");

        Parse(fits).ShouldBeEmpty();
        Parse(fits + "e").ShouldBe([FindingCode.Limit]);
        PolicySet.ParseAll(fits + "e", [], Small).Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
        PolicySet.ParseAll("permit(principal, action, resource);" + fits, [], Small).Findings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("(", "true", ")", 7, 8)]
    [InlineData("[", "", "]", 8, 9)]
    [InlineData("{a: ", "1", "}", 7, 8)]
    [InlineData("ip(", "1", ")", 7, 8)]
    [InlineData("", "context", ".a", 7, 8)]
    [InlineData("", "context", ".isEmpty()", 7, 8)]
    [InlineData("if true then true else ", "true", "", 7, 8)]
    [InlineData("!(", "true", ")", 7, 8)]
    [InlineData("1 == (", "1", ")", 7, 8)]
    public void Expressions_nest_only_so_deep(string before, string inside, string behind, int fits, int tooDeep)
    {
        Parse(Nested(fits)).ShouldBeEmpty();
        Parse(Nested(tooDeep)).ShouldBe([FindingCode.Limit]);
        Json(Nested(fits)).ShouldBeEmpty();

        string Nested(int count) => When($"{Repeat(before, count)}{inside}{Repeat(behind, count)}");
    }

    [Theory]
    [InlineData(" && ", "true")]
    [InlineData(" || ", "false")]
    [InlineData(" + ", "1")]
    [InlineData(" - ", "1")]
    [InlineData(" * ", "1")]
    public void A_chain_is_one_level_however_long_it_is(string between, string operand)
    {
        var limits = new CedarLimits { PolicyBytes = 1_048_576, Depth = 8 };
        var policies = Cedar.Value(PolicySet.ParseAll(Chain(50_000), [], limits));

        Cedar.Policy(PolicyFormatter.Format(Cedar.Policy(Chain(500)))).ShouldBe(Cedar.Policy(Chain(500)));
        PolicySnapshot.CompileUnvalidated(policies).Authorize(Request, EntityStore.Empty).Errors.ShouldBeEmpty();
        Json(Chain(400)).ShouldBeEmpty();
        PolicySet.ParseJson(policies.WriteJson(), limits).Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);

        string Chain(int count) => When($"({string.Join(between, Enumerable.Repeat(operand, count))}) != \"a\"");
    }

    [Theory]
    [InlineData(" && ", "true")]
    [InlineData(" || ", "false")]
    [InlineData(" + ", "1")]
    [InlineData(" - ", "1")]
    [InlineData(" * ", "1")]
    public void A_chain_that_fits_a_policy_is_read_again_from_JSON(string between, string operand)
    {
        var chain = Cedar.Policy(When($"({string.Join(between, Enumerable.Repeat(operand, 900))}) != \"a\""));
        var policies = Cedar.Value(PolicySet.ParseAll(PolicyFormatter.Format(chain), [], CedarLimits.Default));

        Cedar.Value(PolicySet.ParseJson(policies.WriteJson(), CedarLimits.Default)).Policies.ShouldBe(policies.Policies);
    }

    [Theory]
    [InlineData("{\"&&\":{\"left\":")]
    [InlineData("{\"!\":{\"arg\":")]
    [InlineData("[")]
    public void JSON_without_end_is_refused(string opening) =>
        PolicySet.ParseJson(Encoding.UTF8.GetBytes($"{{\"staticPolicies\":{Repeat(opening, 100_000)}"), CedarLimits.Default)
            .Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);

    [Fact]
    public void Nesting_at_the_highest_limit_is_parsed_printed_and_evaluated()
    {
        var limits = new CedarLimits { Depth = 256, PolicyBytes = 65_536 };
        var text = When($"{Repeat("!(", 255)}true{Repeat(")", 255)}");
        var policies = Cedar.Value(PolicySet.ParseAll(text, [], limits));

        Cedar.Value(PolicySet.ParseJson(policies.WriteJson(), limits)).Policies.ShouldBe(policies.Policies);
        PolicySnapshot.CompileUnvalidated(policies).Authorize(Request, EntityStore.Empty).Allowed.ShouldBeFalse();
        PolicySet.ParseAll(When(Repeat("(", 200_000)), [], limits with { PolicyBytes = 1_048_576 })
            .Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
    }

    [Fact]
    public void Sets_records_and_lists_of_actions_have_at_most_so_many_elements()
    {
        Parse(When($"[{Numbers(16)}].isEmpty()")).ShouldBeEmpty();
        Parse(When($"[{Numbers(17)}].isEmpty()")).ShouldBe([FindingCode.Limit]);
        Parse(When($"{{{Keys(16)}}} == 1")).ShouldBeEmpty();
        Parse(When($"{{{Keys(17)}}} == 1")).ShouldBe([FindingCode.Limit]);
        Parse($"permit(principal, action in [{Actions(16)}], resource);").ShouldBeEmpty();
        Parse($"permit(principal, action in [{Actions(17)}], resource);").ShouldBe([FindingCode.Limit]);
    }

    [Fact]
    public void The_same_limits_hold_in_policies_as_JSON()
    {
        Json(When($"[{Numbers(17)}].isEmpty()")).ShouldBe([FindingCode.Limit]);
        Json(When($"{{{Keys(17)}}} == 1")).ShouldBe([FindingCode.Limit]);
        Json($"permit(principal, action in [{Actions(17)}], resource);").ShouldBe([FindingCode.Limit]);
        Json(When($"{Repeat("!(", 8)}true{Repeat(")", 8)}")).ShouldBe([FindingCode.Limit]);
        Json($"// a comment\npermit(principal == User::\"{new string('x', 8_192)}\", action, resource);").ShouldBe([FindingCode.Limit]);
    }

    [Fact]
    public void A_set_has_at_most_so_many_policies_templates_and_links()
    {
        const string template = "permit(principal == ?principal, action, resource);";
        var link = new TemplateLink(new("policy0"), new("link"), new EntityUid("User", "a"), null);

        PolicySet.ParseAll(template, [link], Small).Findings.ShouldBeEmpty();
        PolicySet.ParseAll(template + template, [link], Small).Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
        PolicySet.Parse([new(new("a"), template), new(new("b"), template)], [link], Small)
            .Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
    }

    [Theory]
    [InlineData("{\"a\":", "}")]
    [InlineData("[", "]")]
    public void Values_nest_only_so_deep(string before, string behind)
    {
        // Two levels are the context itself and the number within.
        Context($"{{\"x\":{Repeat(before, 6)}1{Repeat(behind, 6)}}}").ShouldBeEmpty();
        Context($"{{\"x\":{Repeat(before, 7)}1{Repeat(behind, 7)}}}").ShouldBe([FindingCode.Limit]);
        Context($"{{\"x\":{Repeat(before, 100_000)}1{Repeat(behind, 100_000)}}}").ShouldBe([FindingCode.Limit]);
    }

    [Fact]
    public void Values_have_at_most_so_many_elements_and_keys()
    {
        Context($"{{\"x\":[{Numbers(16)}]}}").ShouldBeEmpty();
        Context($"{{\"x\":[{Numbers(17)}]}}").ShouldBe([FindingCode.Limit]);
        Context($"{{{JsonKeys(16)}}}").ShouldBeEmpty();
        Context($"{{{JsonKeys(17)}}}").ShouldBe([FindingCode.Limit]);
    }

    [Fact]
    public void A_set_of_entities_has_at_most_so_many_of_them()
    {
        Entities(Entity(1), Entity(2)).ShouldBeEmpty();
        Entities(Entity(1), Entity(2), Entity(3)).ShouldBe([FindingCode.Limit]);
        EntityStore.Load([Loaded("a"), Loaded("b"), Loaded("c")], Small).Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
    }

    [Fact]
    public void An_entity_has_at_most_so_many_ancestors()
    {
        var parents = Enumerable.Range(0, 16).Select(number => new EntityUid("G", $"{number}")).ToArray();
        var group = Loaded("group", parents);

        EntityStore.Load([group], Small).Findings.ShouldBeEmpty();
        EntityStore.Load([group, Loaded("child", group.Uid)], Small).Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
    }

    [Fact]
    public void A_limit_outside_its_range_is_not_accepted()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { PolicyBytes = 1_023 }).ParamName.ShouldBe("PolicyBytes");
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { SchemaBytes = 1_048_577 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { Depth = 257 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { SetElements = 15 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { RecordKeys = 65_537 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { Policies = 0 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { Entities = 1_000_001 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { Ancestors = 15 });
        Should.Throw<ArgumentOutOfRangeException>(() => new CedarLimits { TypedExpressions = 1_023 });
    }

    static readonly Request Request = new(new("User", "a"), new("Action", "b"), new("Doc", "c"), RecordValue.Empty);

    static IEnumerable<FindingCode> Parse(string text) =>
        PolicySet.Parse([new PolicyText(new("p"), text)], [], Small).Findings.Select(finding => finding.Code);

    static IEnumerable<FindingCode> Json(string text) =>
        PolicySet.ParseJson(Cedar.Policies(text).WriteJson(), Small with { PolicyBytes = 8_192 }).Findings.Select(finding => finding.Code);

    static IEnumerable<FindingCode> Context(string json) =>
        RecordValue.ParseJson(Encoding.UTF8.GetBytes(json), Small).Findings.Select(finding => finding.Code);

    static IEnumerable<FindingCode> Entities(params string[] entities) =>
        EntityStore.ParseJson(Encoding.UTF8.GetBytes($"[{string.Join(',', entities)}]"), Small).Findings.Select(finding => finding.Code);

    static EntityInput Loaded(string id, params EntityUid[] parents) =>
        new(new EntityUid("G", id), RecordValue.Empty, [.. parents], RecordValue.Empty);

    static string Entity(int number) => $$$"""{"uid": {"type": "U", "id": "{{{number}}}"}, "attrs": {}, "parents": []}""";

    static string When(string condition) => $"permit(principal, action, resource) when {{ {condition} }};";

    static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();

    static string Numbers(int count) => string.Join(", ", Enumerable.Range(0, count));

    static string Keys(int count) => string.Join(", ", Enumerable.Range(0, count).Select(number => $"k{number}: 1"));

    static string JsonKeys(int count) => string.Join(", ", Enumerable.Range(0, count).Select(number => $"\"k{number}\": 1"));

    static string Actions(int count) => string.Join(", ", Enumerable.Range(0, count).Select(number => $"Action::\"{number}\""));
}
