namespace Stet.Cedar.Tests.Policies;

public class PolicySetSpecs
{
    const string Any = "permit(principal, action, resource);";
    const string Template = "@why(\"link\") permit(principal == ?principal, action, resource is Doc in ?resource) when { true };";

    static readonly EntityUid Ada = new("User", "ada");
    static readonly EntityUid Folder = new("Folder", "f");

    [Fact]
    public void Policies_come_in_the_ordinal_order_of_their_ids()
    {
        var set = Cedar.Value(PolicySet.Parse([Text("b", Any), Text("a.1", Any), Text("a-1", Any), Text("a10", Template)], [Link("a9", "a10")], CedarLimits.Default));

        set.Policies.Select(policy => policy.Id.Value).ShouldBe(["a-1", "a.1", "b"]);
        set.Templates.Select(policy => policy.Id.Value).ShouldBe(["a10"]);
        set.Active.Select(policy => policy.Id.Value).ShouldBe(["a-1", "a.1", "a9", "b"]);
    }

    [Fact]
    public void A_link_is_its_template_with_the_slots_filled_under_its_own_id()
    {
        var set = Cedar.Value(PolicySet.Parse([Text("t", Template)], [Link("l", "t")], CedarLimits.Default));

        set.Active.ShouldHaveSingleItem().ShouldBe(Cedar.Policy(
            """@why("link") permit(principal == User::"ada", action, resource is Doc in Folder::"f") when { true };""") with
        { Id = new("l") });
    }

    [Fact]
    public void The_text_of_a_links_scope_names_what_is_in_the_slot()
    {
        var link = Cedar.Value(PolicySet.Parse([Text("t", Template)], [Link("l", "t")], CedarLimits.Default)).Active.ShouldHaveSingleItem();
        var other = Cedar.Policies("""permit(principal == User::"?principal", action, resource);""").Active.ShouldHaveSingleItem();

        link.TextAt(link.Principal.Where).ShouldBe("principal == User::\"ada\"");
        link.TextAt(link.Resource.Where).ShouldBe("resource is Doc in Folder::\"f\"");
        link.TextAt(link.Action.Where).ShouldBe("action");
        other.TextAt(other.Principal.Where).ShouldBe("principal == User::\"?principal\"");
    }

    [Fact]
    public void A_template_without_link_takes_no_part() => Cedar.Policies(Template).Active.ShouldBeEmpty();

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("é")]
    public void An_id_that_breaks_the_rule_is_refused(string id)
    {
        PolicySet.Parse([Text(id, Any)], [], CedarLimits.Default).Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.PolicyId);
        PolicySet.Parse([Text("t", Template)], [Link(id, "t")], CedarLimits.Default).Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.PolicyId);
    }

    [Fact]
    public void An_id_has_at_most_128_characters()
    {
        new PolicyId(new string('a', 128)).IsValid.ShouldBeTrue();
        new PolicyId(new string('a', 129)).IsValid.ShouldBeFalse();
        default(PolicyId).IsValid.ShouldBeFalse();
    }

    [Fact]
    public void Ids_compare_ordinally()
    {
        var (a, b) = (new PolicyId("a-b"), new PolicyId("a.b"));

        (a < b && a <= b && b > a && b >= a).ShouldBeTrue();
    }

    [Fact]
    public void An_id_is_taken_once_by_policies_templates_and_links_alike()
    {
        Codes([Text("a", Any), Text("a", Any)], []).ShouldBe([FindingCode.DuplicateId]);
        Codes([Text("t", Template)], [Link("t", "t")]).ShouldBe([FindingCode.DuplicateId]);
        Codes([Text("t", Template)], [Link("l", "t"), Link("l", "t")]).ShouldBe([FindingCode.DuplicateId]);
    }

    [Fact]
    public void A_link_fills_exactly_the_slots_of_a_template_there_is()
    {
        Codes([Text("t", Template)], [Link("l", "none")]).ShouldBe([FindingCode.Link]);
        Codes([Text("t", Any)], [Link("l", "t")]).ShouldBe([FindingCode.Link]);
        Codes([Text("t", Template)], [new TemplateLink(new("t"), new("l"), Ada, null)]).ShouldBe([FindingCode.Link]);
        Codes([Text("t", "permit(principal in ?principal, action, resource);")], [Link("l", "t")]).ShouldBe([FindingCode.Link]);
    }

    [Fact]
    public void A_text_holds_exactly_one_policy()
    {
        Codes([Text("a", "// nothing")], []).ShouldBe([FindingCode.Syntax]);
        Codes([Text("a", Any + Any)], []).ShouldBe([FindingCode.Syntax]);
        Codes([Text("a", "permit; permit;")], []).ShouldBe([FindingCode.Syntax]);
    }

    [Fact]
    public void Every_text_that_is_refused_is_named()
    {
        var outcome = PolicySet.Parse([Text("a", "x"), Text("b", Any), Text("c", "y")], [], CedarLimits.Default);

        outcome.Findings.Select(finding => finding.Policy!.Value.Value).ShouldBe(["a", "c"]);
    }

    [Fact]
    public void The_digest_is_SHA_256_over_the_canonical_JSON()
    {
        var set = Cedar.Value(PolicySet.Parse([Text("a", Any)], [], CedarLimits.Default));

        // printf '{"language":"4.5","obligations":{},"policies":{"staticPolicies":{"a":{"action":{"op":"All"},"conditions":[],"effect":"permit","principal":{"op":"All"},"resource":{"op":"All"}}},"templateLinks":[],"templates":{}}}' | sha256sum
        Convert.ToHexStringLower(set.ComputeDigest("{}"u8)).ShouldBe("759ae372e98a24259a3bb23db2d14947684efcd31d67bbd217d5d18cf74894f8");
    }

    [Fact]
    public void The_digest_depends_on_what_policies_say_and_on_nothing_else()
    {
        Digest("@b(\"2\") @a permit(principal, action, resource) when { {x: 1, y: 2} == context };")
            .ShouldBe(Digest("// why\n@a @b(\"2\")permit(principal,action,resource) when { {y: 2, x: 1,} == context };"));

        Digest("permit(principal, action, resource) when { context.a == 9007199254740993 };")
            .ShouldNotBe(Digest("permit(principal, action, resource) when { context.a == 9007199254740992 };"));

        Cedar.Policies(Any).ComputeDigest("{}"u8).ShouldNotBe(Cedar.Policies(Any).ComputeDigest("{\"a\":{}}"u8));
    }

    static string Digest(string text) => Convert.ToHexString(Cedar.Policies(text).ComputeDigest("{}"u8));

    static IEnumerable<FindingCode> Codes(PolicyText[] policies, TemplateLink[] links) =>
        PolicySet.Parse(policies, links, CedarLimits.Default).Findings.Select(finding => finding.Code);

    static PolicyText Text(string id, string text) => new(new PolicyId(id), text);

    static TemplateLink Link(string id, string template) => new(new(template), new(id), Ada, Folder);
}
