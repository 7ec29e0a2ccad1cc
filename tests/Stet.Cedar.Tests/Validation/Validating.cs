namespace Stet.Cedar.Tests.Validation;

/// <summary>Validates against <see cref="Schemas.Documents"/>.</summary>
static class Validating
{
    internal static readonly Schema Documents = Schemas.Of(Schemas.Documents);

    /// <summary>The findings on a policy about users that read documents, under a condition.</summary>
    internal static IReadOnlyList<Finding> Condition(string expression) => Policy(
        $"permit(principal, action == Action::\"read\", resource is Document) when {{ {expression} }};");

    internal static IReadOnlyList<Finding> Policy(string text) => Documents.Validate(Cedar.Policies(text)).Findings;

    /// <summary>The one finding on a condition.</summary>
    internal static Finding Refusal(string expression) => Condition(expression).ShouldHaveSingleItem();

    internal static void ShouldBeValid(this string expression) => Condition(expression).ShouldBeEmpty(expression);

    /// <summary>Fails with a code, whatever else.</summary>
    internal static void ShouldBeRefused(this string expression, FindingCode code) =>
        Condition(expression).Select(finding => finding.Code).ShouldBe([code], expression);

    /// <summary>Holds that an expression has the type True, False or Bool, by what it makes of its neighbours.</summary>
    internal static void ShouldHaveType(this string expression, string type)
    {
        // Of the type True it hides the wrong operand of ||, of the type False that of &&.
        var hidesOr = Condition($"({expression}) || 1").Count == 0;
        var hidesAnd = Condition($"principal.age == 1 || (({expression}) && 1)").Count == 0;

        (hidesOr ? "True" : hidesAnd ? "False" : "Bool").ShouldBe(type, expression);
        Condition($"if {expression} then principal.age == 1 else principal.age == 2").ShouldBeEmpty(expression);
    }
}
