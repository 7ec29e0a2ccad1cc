using System.Globalization;

namespace Stet.Cedar.Tests;

/// <summary>Draws texts of policies that use every construct of the language. Most of them fail to evaluate somewhere.</summary>
sealed class RandomPolicies(Random random)
{
    static readonly string[] Names = ["a", "b", "name", "owner"];
    static readonly string[] Strings = ["", "a", "it's", "Grüße", "😀", "\u0001\u202e", "*", "x\\y\"z\n"];
    static readonly string[] Types = ["User", "Group", "App::Doc"];

    internal string Policies(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => Policy()));

    internal string PoliciesThatBeginWith(string[] tests, int count) => string.Concat(Enumerable.Range(0, count).Select(_ =>
        $"{Pick("permit", "forbid")}(principal{Scope()}, action{ActionScope()}, resource{Scope()}) {Pick("when", "unless")} {{ {Pick(tests)} }} when {{ {Expression(1)} }};\n"));

    internal string Policy() =>
        $"{Annotations()}{Pick("permit", "forbid")}(principal{Scope()}, action{ActionScope()}, resource{Scope()}){Conditions()};\n";

    internal string Entity() => $"{Pick(Types)}::{Quoted(Pick("a", "b", "c"))}";

    internal string Action() => $"Action::{Quoted(Pick("read", "write", "any"))}";

    internal string Expression(int depth) => depth <= 0 ? Leaf() : random.Next(26) switch
    {
        0 => $"(if {Expression(depth - 1)} then {Expression(depth - 1)} else {Expression(depth - 1)})",
        1 or 2 => Chain(" && ", depth),
        3 or 4 => Chain(" || ", depth),
        5 => Chain(Pick(" + ", " - "), depth),
        6 => Chain(" * ", depth),
        7 or 8 => $"({Expression(depth - 1)} {Pick("==", "!=", "<", "<=", ">", ">=", "in")} {Expression(depth - 1)})",
        9 => $"({Expression(depth - 1)} has {Pick(Name(), Quoted(Pick(Strings)), $"{Name()}.{Name()}")})",
        10 => $"({Expression(depth - 1)} like \"{Pick("*", "a*b", "", "\\*x", "**", "*\\u{2a}\\\"")}\")",
        11 => $"({Expression(depth - 1)} is {Pick(Types)})",
        12 => $"({Expression(depth - 1)} is {Pick(Types)} in {Expression(depth - 1)})",
        13 => $"{Pick("!", "!!", "!!!!")}({Expression(depth - 1)})",
        14 => $"{Pick("-", "--", "----")}({Expression(depth - 1)})",
        15 or 16 => $"({Expression(depth - 1)}).{Name()}",
        17 => $"({Expression(depth - 1)})[{Quoted(Pick(Strings))}]",
        18 => $"[{string.Join(", ", Several(depth))}{Pick("", ",")}]".Replace("[,]", "[]"),
        19 => $"{{{Pick("a", "\"a\"")}: {Expression(depth - 1)}, \"if\": {Expression(depth - 1)}}}",
        20 => $"({Expression(depth - 1)}).{Pick("contains", "containsAll", "containsAny", "hasTag", "getTag")}({Expression(depth - 1)})",
        21 => $"({Expression(depth - 1)}).isEmpty()",
        22 => $"{Pick("ip", "decimal", "datetime", "duration")}({Expression(depth - 1)})",
        23 => $"({Expression(depth - 1)}).{Pick("isIpv4", "toDate", "toTime", "toHours", "isLoopback")}({Pick("", Expression(depth - 1))})",
        24 => $"({Expression(depth - 1)}).{Pick("lessThan", "isInRange", "offset", "durationSince")}({Expression(depth - 1)})",
        _ => Leaf(),
    };

    string Leaf() => Pick(
        "true", "false", "principal", "action", "resource", "context", "context.a", "context.b", "principal.name", "resource.owner",
        random.Next(-3, 100).ToString(CultureInfo.InvariantCulture), "-9223372036854775808", "9223372036854775807", Quoted(Pick(Strings)),
        Entity(), "ip(\"10.0.0.0/8\")", "decimal(\"-1.5\")", "datetime(\"2024-02-29T12:00:00Z\")", "duration(\"1d2h\")", "-5", "--7");

    string Chain(string between, int depth) => $"({string.Join(between, Several(depth, 2))})";

    IEnumerable<string> Several(int depth, int least = 0)
    {
        var count = least + random.Next(3);
        for (var i = 0; i < count; i++) yield return Expression(depth - 1);
    }

    string Annotations() => Pick("", "", "@id(\"x\")\n", "@if @advice(\"a\\nb\")\n// note\n");

    string Conditions()
    {
        var conditions = "";
        for (var i = random.Next(3); i > 0; i--) conditions += $" {Pick("when", "unless")} {{ {Expression(random.Next(4))} }}";
        return conditions;
    }

    string Scope() => random.Next(6) switch
    {
        0 => $" == {Entity()}",
        1 => $" in {Entity()}",
        2 => $" is {Pick(Types)}",
        3 => $" is {Pick(Types)} in {Entity()}",
        _ => "",
    };

    string ActionScope() => random.Next(5) switch
    {
        0 => $" == {Action()}",
        1 => $" in {Action()}",
        2 => $" in [{Action()}, {Action()},]",
        3 => " in []",
        _ => "",
    };

    string Name() => Pick(Names);

    static string Quoted(string text)
    {
        var quoted = new System.Text.StringBuilder();
        return ValueText.AppendQuoted(quoted, text).ToString();
    }

    string Pick(params string[] from) => from[random.Next(from.Length)];
}
