namespace Stet.Cedar.Tests.Evaluation;

public class EvaluationErrorSpecs
{
    [Theory]
    [InlineData("1 && true", EvaluationErrorKind.Type, "1")]
    [InlineData("true && 1", EvaluationErrorKind.Type, "1")]
    [InlineData("!(false || 2)", EvaluationErrorKind.Type, "2")]
    [InlineData("if 1 then true else false", EvaluationErrorKind.Type, "1")]
    [InlineData("(if true then 1 else 2)", EvaluationErrorKind.Type, "1")]
    [InlineData("1 + \"a\" == 2", EvaluationErrorKind.Type, "\"a\"")]
    [InlineData("\"a\" * 2 == 2", EvaluationErrorKind.Type, "\"a\"")]
    [InlineData("-context == 2", EvaluationErrorKind.Type, "context")]
    [InlineData("\"a\" < 1", EvaluationErrorKind.Type, "\"a\"")]
    [InlineData("1 < \"a\"", EvaluationErrorKind.Type, "\"a\"")]
    [InlineData("1 in principal", EvaluationErrorKind.Type, "1")]
    [InlineData("principal in 1", EvaluationErrorKind.Type, "1")]
    [InlineData("principal in [principal, 1]", EvaluationErrorKind.Type, "[principal, 1]")]
    [InlineData("1 is User", EvaluationErrorKind.Type, "1")]
    [InlineData("principal is User in 1", EvaluationErrorKind.Type, "1")]
    [InlineData("1 has a", EvaluationErrorKind.Type, "1")]
    [InlineData("context has n.a", EvaluationErrorKind.Type, "context")]
    [InlineData("\"a\".b == 1", EvaluationErrorKind.Type, "\"a\"")]
    [InlineData("1 like \"a\"", EvaluationErrorKind.Type, "1")]
    [InlineData("1.contains(1)", EvaluationErrorKind.Type, "1")]
    [InlineData("[1].containsAll(2)", EvaluationErrorKind.Type, "2")]
    [InlineData("[1].containsAny(2)", EvaluationErrorKind.Type, "2")]
    [InlineData("context.isEmpty()", EvaluationErrorKind.Type, "context")]
    [InlineData("context.hasTag(\"a\")", EvaluationErrorKind.Type, "context")]
    [InlineData("principal.getTag(1) == 1", EvaluationErrorKind.Type, "1")]
    [InlineData("ip(1) == 1", EvaluationErrorKind.Type, "1")]
    [InlineData("context.n.isIpv4()", EvaluationErrorKind.Type, "context.n")]
    [InlineData("ip(\"::1\").isInRange(context.n)", EvaluationErrorKind.Type, "context.n")]
    [InlineData("context.max + 1 == 0", EvaluationErrorKind.Overflow, "1")]
    [InlineData("-1 - context.max - 10 == 0", EvaluationErrorKind.Overflow, "10")]
    [InlineData("context.max * 2 == 0", EvaluationErrorKind.Overflow, "2")]
    [InlineData("-(-9223372036854775808) == 0", EvaluationErrorKind.Overflow, "-(-9223372036854775808)")]
    [InlineData("datetime(\"2024-01-01\").offset(duration(\"9223372036854775807ms\")) == 1", EvaluationErrorKind.Overflow, "datetime(\"2024-01-01\").offset(duration(\"9223372036854775807ms\"))")]
    [InlineData("context.none", EvaluationErrorKind.AttributeAbsent, "context.none")]
    [InlineData("principal.none", EvaluationErrorKind.AttributeAbsent, "principal.none")]
    [InlineData("principal.getTag(\"none\")", EvaluationErrorKind.TagAbsent, "principal.getTag(\"none\")")]
    [InlineData("User::\"none\".name == 1", EvaluationErrorKind.EntityAbsent, "User::\"none\".name")]
    [InlineData("User::\"none\".getTag(\"a\") == 1", EvaluationErrorKind.EntityAbsent, "User::\"none\".getTag(\"a\")")]
    [InlineData("ip() == 1", EvaluationErrorKind.Arity, "ip()")]
    [InlineData("ip(\"::1\").isIpv4(1)", EvaluationErrorKind.Arity, "ip(\"::1\").isIpv4(1)")]
    [InlineData("decimal(\"1\") == 1", EvaluationErrorKind.ExtensionArgument, "decimal(\"1\")")]
    [InlineData("datetime(context.text) == 1", EvaluationErrorKind.ExtensionArgument, "datetime(context.text)")]
    public void An_error_carries_its_kind_and_its_place(string expression, EvaluationErrorKind kind, string place)
    {
        var text = $"permit(principal, action, resource) when {{ {expression} }};";

        var answer = Answer(text);

        var error = answer.Errors.ShouldHaveSingleItem().Error;
        (error.Kind, text.Substring(error.Where.Start, error.Where.Length)).ShouldBe((kind, place));
        error.Describe().ShouldNotBeEmpty();
        answer.Allowed.ShouldBeFalse();
    }

    [Fact]
    public void An_error_is_found_in_the_policy_that_has_it_even_if_others_say_the_same()
    {
        const string text = "permit(principal, action, resource) when { context.none };\npermit(principal, action, resource) when { true } unless { context.none };";

        var errors = Answer(text).Errors;

        errors.Select(error => error.Policy.Value).ShouldBe(["policy0", "policy1"]);
        errors.Select(error => error.Error.Where.Start).ShouldBe([text.IndexOf("context", StringComparison.Ordinal), text.LastIndexOf("context", StringComparison.Ordinal)]);
    }

    [Fact]
    public void An_error_that_names_something_says_what() =>
        Answer("permit(principal, action, resource) when { context.none };").Errors[0].Error.Describe().ShouldContain("`none`");

    [Fact]
    public void The_first_day_there_is_has_no_start()
    {
        var context = new RecordValue(new KeyValuePair<string, Value>("t", new DateTimeValue(long.MinValue)));
        var policies = Cedar.Policies("permit(principal, action, resource) when { context.t.toDate() == context.t };");

        PolicySnapshot.CompileUnvalidated(policies)
            .Authorize(new Request(new("User", "a"), new("Action", "read"), new("App::Doc", "a"), context), EntityStore.Empty)
            .Errors.ShouldHaveSingleItem().Error.Kind.ShouldBe(EvaluationErrorKind.Overflow);
    }

    static Authorization Answer(string text) => PolicySnapshot.CompileUnvalidated(Cedar.Policies(text)).Authorize(
        new Request(
            new("User", "a"), new("Action", "read"), new("App::Doc", "a"),
            Cedar.Record("""{"n": 1, "max": 9223372036854775807, "text": "soon"}""")),
        RandomWorld.Entities);
}
