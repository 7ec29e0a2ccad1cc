using Stet.Cedar;
using Stet.Policy.Lifecycle;
using static Stet.Tests.Policy.Lifecycle.Ordinary;

namespace Stet.Tests.Policy.Lifecycle;

public class CandidateSpecs
{
    [Fact]
    public void White_space_comments_and_order_change_no_digest()
    {
        var other = Valid(Text with
        {
            Policies = [new NamedPolicy("open-read", $"// why\n  {OpenRead.Replace(" ", "  ")}")],
            Schema = SchemaText.Replace("entity Group;", "\n  entity  Group ; // people"),
            Obligations = " { } ",
            Tests = " [ ] ",
        });

        (other.Digest, other.PolicySetDigest, other.SchemaDigest, other.TestsDigest)
            .ShouldBe((First.Digest, First.PolicySetDigest, First.SchemaDigest, First.TestsDigest));
    }

    [Fact]
    public void Whatever_a_candidate_says_is_in_its_digest()
    {
        var test = """[{"name":"t","request":{"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d","properties":{"open":true}}},"expected":{"decision":true}}]""";
        string[] digests =
        [
            First.Digest, Second.Digest, Third.Digest, Valid(Text with { Tests = test }).Digest,
            Valid(Text with { Obligations = """{"a":{"type":"custom","properties":{}}}""" }).Digest,
            Valid(Text with { Policies = [new NamedPolicy("other-id", OpenRead)] }).Digest,
        ];

        digests.Distinct().Count().ShouldBe(digests.Length);
    }

    [Fact]
    public void A_candidate_that_cannot_be_read_says_where()
    {
        var finding = Unreadable(Text with { Policies = [new NamedPolicy("broken", "permit (principal,\n  action, resource")] });

        (finding.Code, finding.Part, finding.Name, finding.Line).ShouldBe(("syntax", "policies", "broken", 2));
        finding.Message.ShouldNotBeEmpty();
        Unreadable(Text with { Schema = "entity User;\nentity ;" }).Line.ShouldBe(2);
    }

    [Fact]
    public void Every_part_is_looked_at_before_a_candidate_is_refused()
    {
        var (candidate, findings) = PolicyCandidate.Read(
            new([new("a", "permit")], [new("a", "b", new("no type", "x"), null)], "[]", "entity", "{}"), CedarLimits.Default);

        candidate.ShouldBeNull();
        findings.Select(f => f.Part).Distinct().ShouldBe(["policies", "links", "schema", "obligations", "tests"], ignoreOrder: true);
    }

    [Fact]
    public void A_finding_about_a_link_says_which_it_is()
    {
        const string Template = "permit (principal == ?principal, action, resource);";
        var text = Text with
        {
            Policies = [new("t", Template)],
            Links = [new("t", "a", new("User", "u")), new("t", "a", new("User", "v")), new("none", "b"), new("t", "c", new("no type", "x"))],
        };

        var (_, findings) = PolicyCandidate.Read(text, CedarLimits.Default);

        findings.Select(f => (f.Code, f.Part, f.Name)).ShouldBe([("link", "links", "c"), ("duplicate_id", "links", "a"), ("link", "links", "b")]);
    }

    [Fact]
    public void A_finding_in_a_template_that_a_link_fills_is_about_the_link_and_placed_in_the_template()
    {
        var text = Text with
        {
            Policies = [new("t", "permit (principal == ?principal, action, resource)\nwhen { resource.opne };")],
            Links = [new("t", "a", new("User", "u"))],
        };

        var finding = PolicyCandidate.Read(text, CedarLimits.Default).Findings[0];

        (finding.Code, finding.Part, finding.Name, finding.Line, finding.Column).ShouldBe(("unknown_attribute", "links", "a", 2, 8));
    }

    [Fact]
    public void Ids_that_occur_twice_are_refused_by_their_places_in_the_list_and_in_no_text()
    {
        var finding = Unreadable(Text with { Policies = [.. Text.Policies, new("open-read", "\n\npermit (")] });

        (finding.Code, finding.Part, finding.Name, finding.Line, finding.Column).ShouldBe(("duplicate_id", "policies", "open-read", null, null));
        finding.Message.ShouldContain("`/policies/1`");
    }

    [Theory]
    [InlineData("permit(principal, action == Action::\"read\", resource);", true)]
    [InlineData("permit(principal, action in [Action::\"read\", User::\"bot\"], resource);", false)]
    public void A_rule_that_came_later_does_not_put_out_of_force_what_is_stored(string policy, bool isValidToday)
    {
        var text = Text with { Policies = [new("p", policy)] };

        PolicyCandidate.Read(text, CedarLimits.Default, isStored: true).Candidate!.ValidatedPolicies.ShouldNotBeNull();
        (PolicyCandidate.Read(text, CedarLimits.Default).Candidate?.ValidatedPolicies is not null).ShouldBe(isValidToday);
    }

    [Theory]
    [InlineData("@governed type Clearance = Long; entity Robot { clearance?: Clearance };", "Clearance")]
    [InlineData("@governed entity Robot { scope?: String };", "Robot")]
    [InlineData("@governed action fly;", "fly")]
    [InlineData("@governed namespace App { entity Robot; }", "App")]
    [InlineData("@authzen(\"robot\") namespace App { entity Robot; }", "App")]
    [InlineData("entity Robot { @authzen(\"size\") size?: Long };", "size")]
    public void An_annotation_where_it_has_no_effect_is_not_valid(string declaration, string name) =>
        ShouldBeNoCandidate(Text with { Schema = SchemaText + declaration }, ("misplaced_annotation", "schema", name));

    [Fact]
    public void A_policy_that_an_approval_is_said_to_lift_and_does_not_is_a_warning()
    {
        var (candidate, findings) = PolicyCandidate.Read(
            Text with { Policies = [new("asks", "@access_request(\"1h\") forbid (principal, action, resource);")] }, CedarLimits.Default);

        candidate!.ValidatedPolicies.ShouldNotBeNull();
        findings.Select(f => (f.Code, f.Part, f.Name)).ShouldBe([("approval_unread", "policies", "asks")]);
    }

    [Theory]
    [InlineData("size")]
    [InlineData("depth")]
    [InlineData("count")]
    public void Too_much_is_refused(string kind)
    {
        var condition = kind switch
        {
            "size" => $"context.urgent == true || \"{new string('x', 20_000)}\" == \"\"",
            "depth" => $"{new string('(', 300)}true{new string(')', 300)}",
            _ => "true",
        };
        var policies = Enumerable.Range(0, kind == "count" ? 20_001 : 1)
            .Select(n => new NamedPolicy($"p{n}", $"permit (principal, action, resource) when {{ {condition} }};"));

        Unreadable(Text with { Policies = [.. policies] }).Code.ShouldBe("limit");
    }

    [Fact]
    public void What_the_schema_does_not_know_makes_a_candidate_invalid()
    {
        var text = Text with { Policies = [new NamedPolicy("typo", "permit (principal, action, resource)\nwhen { resource.opne };")] };

        var (candidate, findings) = PolicyCandidate.Read(text, CedarLimits.Default);

        candidate!.ValidatedPolicies.ShouldBeNull();
        var finding = findings.ShouldHaveSingleItem();
        (finding.Code, finding.Part, finding.Name, finding.Line, finding.Column).ShouldBe(("unknown_attribute", "policies", "typo", 2, 8));
    }

    [Theory]
    [InlineData("{}", "notify", "is not in the catalogue")]
    [InlineData("""{"notify":{"type":"notification","properties":{"to":"dpo","body":"b"}}}""", "", "has to name entries")]
    public void Annotations_name_entries_of_the_catalogue(string obligations, string names, string message)
    {
        var text = Text with
        {
            Obligations = obligations,
            Policies = [new NamedPolicy("p", $"@obligation(\"{names}\") permit (principal, action, resource);")],
        };

        var (candidate, findings) = PolicyCandidate.Read(text, CedarLimits.Default);

        candidate!.ValidatedPolicies.ShouldBeNull();
        findings.ShouldHaveSingleItem().Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("""{"a":{"type":"step-up","properties":{}}}""", "acr_value")]
    [InlineData("""{"a":{"type":"step-up","properties":{"acr_value":"high","amr_values":"otp"}}}""", "amr_values")]
    [InlineData("""{"a":{"type":"notification","properties":{"to":"dpo"}}}""", "body")]
    [InlineData("""{"a":{"type":"session_termination","properties":{}}}""", "subject")]
    [InlineData("""{"a":{"type":"fax","properties":{}}}""", "step-up")]
    [InlineData("""{"a":{"type":"custom"}}""", "{type, properties}")]
    [InlineData("""{"a, b":{"type":"custom","properties":{}}}""", "comma")]
    [InlineData("""{"a":{"type":"custom","properties":{}},"a":{"type":"custom","properties":{}}}""", "more than once")]
    public void A_catalogue_that_breaks_its_form_is_refused(string obligations, string message) =>
        Unreadable(Text with { Obligations = obligations }).Message.ShouldContain(message, Case.Insensitive);

    [Fact]
    public void An_obligation_with_large_properties_is_refused_until_it_decides()
    {
        var text = Text with { Obligations = $$$"""{"tell":{"type":"custom","properties":{"body":"{{{new string('b', 17_000)}}}"} } }""" };

        ShouldBeNoCandidate(text, ("limit", "obligations", "tell"));
    }

    [Theory]
    [InlineData("entity A { __entity: Long };", "__entity")]
    [InlineData("entity A { r: { s: Set<{ __extn?: String }> } };", "__extn")]
    [InlineData("type T = { __expr: Long };", "__expr")]
    [InlineData("entity A tags { __entity: Long };", "__entity")]
    [InlineData("""action a appliesTo { principal: User, resource: User, context: { "__extn": Long } };""", "__extn")]
    public void Names_that_wrap_recorded_values_are_no_attributes(string declaration, string name) =>
        ShouldBeNoCandidate(Text with { Schema = SchemaText + declaration }, ("reserved_name", "schema", name));

    [Fact]
    public void Names_that_wrap_recorded_values_may_name_anything_else() =>
        Valid(Text with { Schema = $$"""{{SchemaText}} @__extn entity __entity; action "__expr";""" });

    [Theory]
    [InlineData("""[{"name":"t"}]""", "request")]
    [InlineData("""[{"name":"","request":{}}]""", "subject")]
    [InlineData("""[{"name":"t","nonsense":1}]""", "nonsense")]
    [InlineData("""[{"name":"t","request":{"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d"}},"expected":{}}]""", "decision")]
    [InlineData("{}", "list")]
    public void A_test_that_breaks_its_form_is_refused(string tests, string message) =>
        Unreadable(Text with { Tests = tests }).Message.ShouldContain(message);

    [Fact]
    public void A_test_that_an_engine_of_later_would_fail_keeps_no_draft_and_puts_nothing_out_of_force() =>
        ShouldBeNoCandidate(
            Text with
            {
                Tests = """
                    [{"name":"later","request":{"subject":{"type":"User","id":"u"},"action":{"name":"read"},"resource":{"type":"Document","id":"d","properties":{"open":false}}},
                      "expected":{"decision":true}}]
                    """,
            },
            ("test_failed", "tests", "later"));

    /// <summary>A draft is not valid; what was found valid before there was the rule stays so.</summary>
    static void ShouldBeNoCandidate(CandidateText text, (string Code, string Part, string? Name) finding)
    {
        var (drafted, findings) = PolicyCandidate.Read(text, CedarLimits.Default);

        drafted!.ValidatedPolicies.ShouldBeNull();
        findings.Select(f => (f.Code, f.Part, f.Name)).ShouldBe([finding]);
        PolicyCandidate.Read(text, CedarLimits.Default, isStored: true).Candidate!.ValidatedPolicies.ShouldNotBeNull();
    }

    static PolicyFinding Unreadable(CandidateText text)
    {
        var (candidate, findings) = PolicyCandidate.Read(text, CedarLimits.Default);
        candidate.ShouldBeNull();
        return findings[0];
    }
}
