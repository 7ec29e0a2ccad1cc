namespace Stet.Cedar.Tests.Syntax;

public class ParserSpecs
{
    [Theory]
    [InlineData("permit(principal, action, resource)", FindingCode.Syntax, 35)]
    [InlineData("allow(principal, action, resource);", FindingCode.Syntax, 0)]
    [InlineData("permit(action, principal, resource);", FindingCode.Syntax, 7)]
    [InlineData("permit(principal == ?resource, action, resource);", FindingCode.Syntax, 20)]
    [InlineData("permit(principal == ? principal, action, resource);", FindingCode.Syntax, 20)]
    [InlineData("permit(principal, action == ?action, resource);", FindingCode.Syntax, 28)]
    [InlineData("permit(principal in [User::\"a\"], action, resource);", FindingCode.Syntax, 20)]
    [InlineData("permit(principal, action is Action, resource);", FindingCode.Syntax, 25)]
    [InlineData("permit(principal is __cedar::User, action, resource);", FindingCode.Syntax, 20)]
    [InlineData("@a @a permit(principal, action, resource);", FindingCode.DuplicateKey, 3)]
    [InlineData("@1 permit(principal, action, resource);", FindingCode.Syntax, 1)]
    [InlineData("@a(b) permit(principal, action, resource);", FindingCode.Syntax, 3)]
    [InlineData("permit(principal, action, resource) when { true } # ;", FindingCode.Syntax, 50)]
    [InlineData("permit(principal, action in [Action::\"a\" Action::\"b\"], resource);", FindingCode.Syntax, 41)]
    [InlineData("permit(principal, action == User::\"x\", resource);", FindingCode.Syntax, 28)]
    [InlineData("permit(principal, action in Actions::\"x\", resource);", FindingCode.Syntax, 28)]
    [InlineData("permit(principal, action in [Action::\"a\", A::Action::B::\"x\"], resource);", FindingCode.Syntax, 42)]
    public void A_policy_that_breaks_the_grammar_is_refused_where_it_does(string text, FindingCode code, int place)
    {
        var finding = Cedar.Refusal(text);

        (finding.Code, finding.Where.Start, finding.Policy).ShouldBe((code, place, new PolicyId("policy0")));
        finding.Message.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("1 < 2 < 3", FindingCode.Syntax, "<")]
    [InlineData("context is A in B::\"\" == true", FindingCode.Syntax, "==")]
    [InlineData("!!!!!true", FindingCode.Syntax, "!")]
    [InlineData("!-1", FindingCode.Syntax, "-")]
    [InlineData("1 + if true then 1 else 2", FindingCode.Syntax, "if")]
    [InlineData("if true then 1", FindingCode.Syntax, "}")]
    [InlineData("if true else 1", FindingCode.Syntax, "else")]
    [InlineData("nobody", FindingCode.Syntax, "nobody")]
    [InlineData("User::bob", FindingCode.Syntax, "User::bob")]
    [InlineData("?principal", FindingCode.Syntax, "?")]
    [InlineData("context.if", FindingCode.Syntax, "if")]
    [InlineData("context has 1", FindingCode.Syntax, "1")]
    [InlineData("context has a.if", FindingCode.Syntax, "if")]
    [InlineData("context like 1", FindingCode.Syntax, "1")]
    [InlineData("context is \"A\"", FindingCode.Syntax, "\"A\"")]
    [InlineData("context[a]", FindingCode.Syntax, "a")]
    [InlineData("context[\"a\"", FindingCode.Syntax, "}")]
    [InlineData("[1 2]", FindingCode.Syntax, "2")]
    [InlineData("{a 1}", FindingCode.Syntax, "1")]
    [InlineData("{a: 1 b: 2}", FindingCode.Syntax, "b")]
    [InlineData("{1: 1}", FindingCode.Syntax, "1")]
    [InlineData("(true", FindingCode.Syntax, "}")]
    [InlineData("true ~ false", FindingCode.Syntax, "~")]
    [InlineData("\"unclosed", FindingCode.Syntax, "\"unclosed };")]
    [InlineData("\"a\\qb\"", FindingCode.Escape, "\\q")]
    [InlineData("\"\\x80\"", FindingCode.Escape, "\\x80")]
    [InlineData("\"\\x1\"", FindingCode.Escape, "\\x")]
    [InlineData("\"\\u{d800}\"", FindingCode.Escape, "\\u{d800}")]
    [InlineData("\"\\u{1234567}\"", FindingCode.Escape, "\\u{1234567")]
    [InlineData("\"\\u{}\"", FindingCode.Escape, "\\u{}")]
    [InlineData("\"\\u41\"", FindingCode.Escape, "\\u")]
    [InlineData("\"\\*\"", FindingCode.Escape, "\\*")]
    [InlineData("\"\" like \"\\y\"", FindingCode.Escape, "\\y")]
    [InlineData("9223372036854775808", FindingCode.IntegerRange, "9223372036854775808")]
    [InlineData("-9223372036854775809", FindingCode.IntegerRange, "-9223372036854775809")]
    [InlineData("-(9223372036854775808)", FindingCode.IntegerRange, "9223372036854775808")]
    [InlineData("{a: 1, \"a\": 2}", FindingCode.DuplicateKey, "\"a\"")]
    [InlineData("context.fly()", FindingCode.UnknownFunction, "fly")]
    [InlineData("fly(context)", FindingCode.UnknownFunction, "fly")]
    [InlineData("A::ip(\"::1\")", FindingCode.UnknownFunction, "A::ip")]
    [InlineData("\"::1\".ip()", FindingCode.UnknownFunction, "ip")]
    [InlineData("isIpv4(context)", FindingCode.UnknownFunction, "isIpv4")]
    [InlineData("contains(context)", FindingCode.UnknownFunction, "contains")]
    [InlineData("[1].contains()", FindingCode.Arity, "[1].contains()")]
    [InlineData("[1].isEmpty(1)", FindingCode.Arity, "[1].isEmpty(1)")]
    public void An_expression_that_breaks_the_grammar_is_refused_where_it_does(string expression, FindingCode code, string place)
    {
        var text = $"permit(principal, action, resource) when {{ {expression} }};";

        var finding = Cedar.Refusal(text);

        finding.Code.ShouldBe(code);
        text.Substring(finding.Where.Start, finding.Where.Length).ShouldBe(place);
    }

    [Fact]
    public void Reading_goes_on_behind_a_policy_that_is_refused()
    {
        var outcome = PolicySet.ParseAll(
            "permit(x); permit(principal, action, resource); forbid(;", [], CedarLimits.Default);

        outcome.Value.ShouldBeNull();
        outcome.Findings.Select(finding => finding.Policy?.Value).ShouldBe(["policy0", "policy2"]);
    }

    [Fact]
    public void A_lone_surrogate_is_no_text() => Cedar.Refusal("// \ud800").Code.ShouldBe(FindingCode.Syntax);

    [Fact]
    public void A_place_has_the_line_and_column_an_editor_shows()
    {
        var text = "permit(principal, action, resource)\nwhen { nobody };";

        Cedar.Refusal(text).Where.PositionIn(text).ShouldBe(new TextPosition(2, 8));
    }

    [Fact]
    public void A_chain_in_parentheses_at_the_start_of_the_same_chain_is_one_chain()
    {
        Cedar.Expression("(1 + 2) - 3").ShouldBe(Cedar.Expression("1 + 2 - 3"));
        Cedar.Expression("(true && false) && true").ShouldBe(Cedar.Expression("true && false && true"));
        Cedar.Expression("1 - (2 - 3)").ShouldNotBe(Cedar.Expression("1 - 2 - 3"));
    }

    [Fact]
    public void A_minus_before_digits_belongs_to_the_number_unless_a_member_follows()
    {
        Cedar.Expression("-1").ShouldBe(new Literal(new LongValue(-1), default));
        Cedar.Expression("--1").ShouldBe(new Unary(UnaryOperator.Negate, new Literal(new LongValue(-1), default), default));
        Cedar.Expression("-1.toDays()").ShouldBeOfType<Unary>();
    }

    [Fact]
    public void The_names_of_variables_may_begin_the_type_of_an_entity() =>
        Cedar.Expression("principal::\"x\"").ShouldBe(new Literal(new EntityUid("principal", "x"), default));

    [Fact]
    public void Every_part_knows_its_place()
    {
        const string text = "@a(\"b\") permit(principal in Group::\"g\", action, resource) unless { 1 < 2 };";
        var policy = Cedar.Policy(text);

        string At(TextSpan where) => text.Substring(where.Start, where.Length);

        policy.Source.PolicyText.ShouldBe(text);
        At(policy.Annotations[0].Where).ShouldBe("@a(\"b\")");
        At(policy.Principal.Where).ShouldBe("principal in Group::\"g\"");
        At(policy.Conditions[0].Where).ShouldBe("unless { 1 < 2 }");
        At(policy.Conditions[0].Body.Where).ShouldBe("1 < 2");
        policy.FindAnnotation("a")!.Value.ShouldBe("b");
        policy.FindAnnotation("c").ShouldBeNull();
    }
}
