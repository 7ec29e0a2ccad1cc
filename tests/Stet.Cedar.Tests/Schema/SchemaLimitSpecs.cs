using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Stet.Cedar.Tests.Schemata;

public class SchemaLimitSpecs
{
    [Fact]
    public void A_schema_has_at_most_so_many_bytes()
    {
        var limits = new CedarLimits { SchemaBytes = 1_024 };

        Schemas.Refusal($"//{new string('é', 512)}", limits).Code.ShouldBe(FindingCode.Limit);
        Schemas.JsonRefusal(new string(' ', 1_025), limits).Code.ShouldBe(FindingCode.Limit);
        Schema.Parse($"//{new string('é', 511)}", limits).Findings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(20_000, false)]
    public void Types_nest_so_deep(int levels, bool isAccepted)
    {
        var sets = levels - 1;
        var text = $"type T = {string.Concat(Enumerable.Repeat("Set<", sets))}Long{new string('>', sets)};";
        var json = $"{{\"\": {{\"entityTypes\": {{}}, \"actions\": {{}}, \"commonTypes\": {{\"T\": {string.Concat(Enumerable.Repeat("{\"type\": \"Set\", \"element\": ", sets))}{{\"type\": \"Long\"}}{new string('}', sets)}}}}}}}";
        var wide = new CedarLimits { SchemaBytes = 1_048_576 };

        Code(Schema.Parse(text, wide)).ShouldBe(isAccepted ? null : FindingCode.Limit);
        Code(Schema.ParseJson(Encoding.UTF8.GetBytes(json), wide)).ShouldBe(isAccepted ? null : FindingCode.Limit);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Names_of_types_do_not_hide_how_deep_they_nest(int types, bool isAccepted)
    {
        var text = string.Concat(Enumerable.Range(1, types).Select(i => $"type T{i} = Set<T{i - 1}>;")) + "type T0 = Long;";

        Code(Schema.Parse(text, CedarLimits.Default)).ShouldBe(isAccepted ? null : FindingCode.Limit);
    }

    [Fact]
    public void A_record_has_at_most_so_many_attributes()
    {
        var limits = new CedarLimits { RecordKeys = 16 };
        var attributes = Enumerable.Range(0, 17).Select(i => $"a{i}: Long").ToList();
        var members = Enumerable.Range(0, 17).Select(i => $"\"a{i}\": {{\"type\": \"Long\"}}");

        Schema.Parse($"type T = {{{string.Join(',', attributes[1..])}}};", limits).Findings.ShouldBeEmpty();
        Schemas.Refusal($"type T = {{{string.Join(',', attributes)}}};", limits).Code.ShouldBe(FindingCode.Limit);
        Schemas.JsonRefusal(
            $"{{\"\": {{\"entityTypes\": {{}}, \"actions\": {{}}, \"commonTypes\": {{\"T\": {{\"type\": \"Record\", \"attributes\": {{{string.Join(',', members)}}}}}}}}}}}", limits)
            .Code.ShouldBe(FindingCode.Limit);
    }

    [Fact]
    public void Actions_and_types_combine_in_so_many_ways()
    {
        var limits = new CedarLimits { Environments = 256 };
        static string Of(int types, int actions) =>
            $"entity {string.Join(',', Enumerable.Range(0, types).Select(i => $"E{i}"))};"
            + string.Concat(Enumerable.Range(0, actions).Select(i => $"action a{i} appliesTo {{principal: [{string.Join(',', Enumerable.Range(0, types).Select(i => $"E{i}"))}], resource: E0}};"));

        Schema.Parse(Of(16, 16), limits).Findings.ShouldBeEmpty();
        Schemas.Refusal(Of(16, 17), limits).Code.ShouldBe(FindingCode.Limit);
    }

    [Fact]
    public void Policies_are_typed_so_often_over_all_environments()
    {
        var limits = new CedarLimits { TypedExpressions = 1_024 };
        var types = string.Join(',', Enumerable.Range(0, 16).Select(i => $"E{i}"));
        var schema = Cedar.Value(Schema.Parse(
            $"entity {types} = {{n: Long}}; action a, b appliesTo {{principal: [{types}], resource: [{types}]}};", limits));

        FindingCode[] Codes(string text) => [.. schema.Validate(Cedar.Policies(text)).Findings.Select(finding => finding.Code)];

        // 256 environments of each action, and in each five expressions.
        Codes("permit(principal, action == Action::\"a\", resource) when { principal.n < resource.n };").ShouldBe([FindingCode.Limit]);
        Codes("permit(principal is E0, action == Action::\"a\", resource) when { principal.n < resource.n };").ShouldBeEmpty();
        Codes(string.Concat(Enumerable.Repeat("permit(principal, action, resource);", 3))).ShouldBe([FindingCode.Limit]);
        Codes("permit(principal == ?principal, action, resource) when { principal.n + true < resource.n };").ShouldBe([FindingCode.Limit]);
    }

    [Fact]
    public void By_default_a_small_policy_cannot_take_long_however_many_environments_there_are()
    {
        var types = string.Join(',', Enumerable.Range(0, 128).Select(i => $"E{i}"));
        var schema = Schemas.Of($"entity {types} = {{n: Long}}; action a appliesTo {{principal: [{types}], resource: [{types}]}};");
        var chain = string.Join(" && ", Enumerable.Range(0, 500).Select(i => $"principal.n < resource.n+{i}"));

        schema.Validate(Cedar.Policies($"permit(principal, action, resource) when {{ {chain} }};"))
            .Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Limit);
    }

    [Fact]
    public void Finding_out_what_scopes_leave_cannot_take_long_either()
    {
        const int types = 8_000;
        var principals = string.Join(',', Enumerable.Range(0, 4_000).Select(i => $"A{i}"));
        var schema = Schemas.Of(
            "entity Z; entity A0 in Z;" + string.Concat(Enumerable.Range(1, types - 1).Select(i => $"entity A{i} in A{i - 1};"))
            + $"action a appliesTo {{principal: [{principals}], resource: Z}};");
        var (deep, wide) = (new StringBuilder(), new StringBuilder());
        for (var i = 0; i < 2_000; i++)
        {
            deep.Append(CultureInfo.InvariantCulture, $"permit(principal in A{types - 1}::\"z\", action, resource) when {{ resource in A{i}::\"x\" }};");
            wide.Append(CultureInfo.InvariantCulture, $"permit(principal in A{i}::\"z\", action, resource == Z::\"z\") when {{ principal in A{types - 1}::\"x\" }};");
        }

        var watch = Stopwatch.StartNew();
        schema.Validate(Cedar.Policies(deep.ToString())).Findings[0].Code.ShouldBe(FindingCode.NoApplicableAction);
        schema.Validate(Cedar.Policies(wide.ToString())).Findings[0].Code.ShouldBe(FindingCode.Limit);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30)); // minutes if the hierarchy is walked for each policy and type
    }

    [Fact]
    public void Annotations_of_many_types_are_found_as_fast_as_those_of_few()
    {
        const int types = 7_000;
        var schema = Schemas.Of(
            "type C0 = { @governed a: Long };" + string.Concat(Enumerable.Range(1, types - 1).Select(i => $"type C{i} = C{i - 1};"))
            + $"entity {string.Join(',', Enumerable.Range(0, types).Select(i => $"E{i}"))} = {{ c?: C{types - 1}, d: Long }};");

        var watch = Stopwatch.StartNew();
        foreach (var type in schema.EntityTypes)
        {
            schema.FindAnnotation(type, "authzen").ShouldBeNull();
            schema.FindAnnotatedAttributes(type, "governed").ShouldBe(["c"]);
        }

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void An_action_is_in_at_most_so_many_groups()
    {
        var limits = new CedarLimits { Ancestors = 16 };
        static string Of(int groups) => "action a0;" + string.Concat(Enumerable.Range(1, groups).Select(i => $"action a{i} in a{i - 1};"));

        Schema.Parse(Of(16), limits).Findings.ShouldBeEmpty();
        Schemas.Refusal(Of(17), limits).Code.ShouldBe(FindingCode.Limit);
    }

    [Theory]
    [MemberData(nameof(Amplifiers))]
    public void A_schema_may_not_grow_far_beyond_its_text(string text) =>
        Schema.Parse(text, CedarLimits.Default).Findings.Select(finding => finding.Code).ShouldBe([FindingCode.Limit]);

    public static TheoryData<string> Amplifiers()
    {
        var names = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"E{i}"));
        var attributes = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"a{i}: Long"));
        var path = string.Join("::", Enumerable.Repeat(new string('x', 100), 1_000));
        var uses = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"a{i}: E"));

        return
        [
            $"entity {names} = {{{attributes}}};",
            $"namespace {path} {{ entity E = {{{uses}}}; }}",
            $"namespace {path} {{ entity {names[..100_000]}5; }}",
            $"action a; action {names.ToLowerInvariant()} in [{string.Join(',', Enumerable.Repeat("a", 20_000))}];",
        ];
    }

    [Fact]
    public void Types_that_share_parts_many_times_over_are_no_burden()
    {
        // Written out in full, T60 would have 2^60 attributes.
        var text = "type T0 = Long; type U0 = Long;"
            + string.Concat(Enumerable.Range(1, 60).Select(i => $"type T{i} = {{a: T{i - 1}, b: T{i - 1}}}; type U{i} = {{a: U{i - 1}, b: U{i - 1}}};"))
            + "type V = {a: U59, b?: U59}; entity A = {t: T60, u: U60, v: V}; action a appliesTo {principal: A, resource: A};";
        var schema = Schemas.Of(text);

        schema.Validate(Cedar.Policies("permit(principal, action, resource) when { principal.t == principal.u && [{x: principal.t}] == [{x: principal.u}] };"))
            .Findings.ShouldBeEmpty();
        schema.Validate(Cedar.Policies("permit(principal, action, resource) when { principal.t == principal.v };"))
            .Findings.Single().Message.Length.ShouldBeLessThan(1_000);
    }

    [Fact]
    public void Long_chains_of_declarations_cost_no_depth()
    {
        var types = string.Concat(Enumerable.Range(1, 9_000).Select(i => $"type T{i} = T{i - 1};")) + "type T0 = Long;";
        var entities = string.Concat(Enumerable.Range(1, 9_000).Select(i => $"entity E{i} in E{i - 1};")) + "entity E0;"
            + "action a appliesTo {principal: E9000, resource: E0};";

        Schemas.Of(types).EntityTypes.ShouldBeEmpty();
        Schemas.Of(entities).Validate(Cedar.Policies("permit(principal in E0::\"x\", action, resource);")).Findings.ShouldBeEmpty();
    }

    static FindingCode? Code(Outcome<Schema> outcome) => outcome.Findings.FirstOrDefault()?.Code;
}
