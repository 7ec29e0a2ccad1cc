namespace Stet.Cedar.Tests.Syntax;

public class FormatterSpecs
{
    [Fact]
    public void A_text_of_policies_is_laid_out_in_one_way()
    {
        const string text = """
            // Who may read.

            // Everyone.
            permit(principal,action,resource); // for now
            @id("x")@flag
            forbid(principal in Group::"g", // staff
              action in [Action::"a",Action::"b",],resource is App::Doc in ?resource)
            // when it is secret
            when { resource.classification == "secret" && (context.risk > 50 || context.risk == -1) && !(principal has cleared.since) }
            unless{ // never mind
            context["a b"].contains({if_: 1, "x y": [1,2]}) } // end
            ;
            // last
            """;

        Cedar.Value(PolicyFormatter.Format(text, CedarLimits.Default)).ShouldBe("""
            // Who may read.

            // Everyone.
            permit (principal, action, resource); // for now

            @id("x")
            @flag
            // staff
            forbid (
                principal in Group::"g",
                action in [Action::"a", Action::"b"],
                resource is App::Doc in ?resource
            )
            // when it is secret
            when {
                resource.classification == "secret" &&
                (context.risk > 50 || context.risk == -1) &&
                !(principal has cleared.since)
            }
            // never mind
            unless { context["a b"].contains({if_: 1, "x y": [1, 2]}) }; // end

            // last

            """);
    }

    [Fact]
    public void What_does_not_fit_a_line_is_broken_at_its_outermost_operator_first()
    {
        var name = new string('x', 60);
        var condition = $"if context.{name} > 1 then [\"{name}\", \"{name}\"].contains(context.a) else context.{name} == context.{name}";

        PolicyFormatter.Format(Cedar.Policy($"permit(principal, action, resource) when {{ {condition} }};")).ShouldBe($$"""
            permit (principal, action, resource)
            when {
                if context.{{name}} > 1
                then [
                        "{{name}}",
                        "{{name}}",
                    ].contains(context.a)
                else context.{{name}}
                        == context.{{name}}
            };

            """);
    }

    [Fact]
    public void A_text_that_is_refused_is_not_formatted()
    {
        var outcome = PolicyFormatter.Format("permit;", CedarLimits.Default);

        outcome.Value.ShouldBeNull();
        outcome.Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.Syntax);
    }

    [Fact]
    public void What_does_not_show_is_escaped() =>
        Cedar.Expression("\"\u202e\u0001é😀\\\\\"").ShouldBeOfType<Literal>().Value.ToString().ShouldBe("\"\\u{202e}\\u{1}é😀\\\\\"");
}
