namespace Stet.Cedar;

/// <summary>The methods of sets and tags by their names.</summary>
static class BuiltInMethods
{
    internal const string IsEmpty = "isEmpty";

    internal static bool IsName(string name) => name == IsEmpty || WithArgument(name) is not null;

    internal static BinaryOperator? WithArgument(string name) => name switch
    {
        "contains" => BinaryOperator.Contains,
        "containsAll" => BinaryOperator.ContainsAll,
        "containsAny" => BinaryOperator.ContainsAny,
        "hasTag" => BinaryOperator.HasTag,
        "getTag" => BinaryOperator.GetTag,
        _ => null,
    };
}
