using System.Reflection;
using System.Runtime.CompilerServices;

namespace Stet.Tests.Http;

/// <summary>Clients match on codes: none may change, or come with another status, without a word.</summary>
public class ProblemCodeSpecs
{
    const string Codes = """
        TODO
        """;

    [Fact]
    public void Every_code_has_the_status_that_it_always_had() =>
        string.Join('\n', Problems().Select(p => $"{p.Code} {p.Status}").Distinct().Order(StringComparer.Ordinal)).ShouldBe(Codes);

    static IEnumerable<Problem> Problems() =>
        from type in typeof(Problem).Assembly.GetTypes()
        where type.Name.EndsWith("Problems", StringComparison.Ordinal)
        from member in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where member.ReturnType == typeof(Problem)
        select (Problem)member.Invoke(null, [.. member.GetParameters().Select(p => AnyOf(p.ParameterType))])!;

    static object AnyOf(Type type)
    {
        if (type == typeof(string)) return "any";
        if (type.IsValueType) return Activator.CreateInstance(type)!;
        if (!type.IsGenericType) return RuntimeHelpers.GetUninitializedObject(type);

        var one = Array.CreateInstance(type.GenericTypeArguments[0], 1);
        one.SetValue(AnyOf(type.GenericTypeArguments[0]), 0);
        return one;
    }
}
