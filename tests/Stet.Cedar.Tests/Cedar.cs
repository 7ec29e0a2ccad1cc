using System.Text;

namespace Stet.Cedar.Tests;

/// <summary>Reads what a test takes for granted.</summary>
static class Cedar
{
    internal static PolicySet Policies(string text, params ReadOnlySpan<TemplateLink> links) =>
        Value(PolicySet.ParseAll(text, links, CedarLimits.Default));

    internal static Policy Policy(string text) => Policies(text).Policies.ShouldHaveSingleItem();

    internal static Expression Expression(string text) =>
        Policy($"permit(principal, action, resource) when {{ {text} }};").Conditions[0].Body;

    internal static Finding Refusal(string text) =>
        PolicySet.ParseAll(text, [], CedarLimits.Default).Findings.ShouldHaveSingleItem();

    internal static EntityStore Entities(string json, IEntityShapes? shapes = null) =>
        Value(EntityStore.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default, shapes));

    internal static RecordValue Record(string json, IValueShape? shape = null) =>
        Value(RecordValue.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default, shape));

    internal static T Value<T>(Outcome<T> outcome) where T : class
    {
        outcome.Findings.ShouldBeEmpty();
        return outcome.Value.ShouldNotBeNull();
    }
}
