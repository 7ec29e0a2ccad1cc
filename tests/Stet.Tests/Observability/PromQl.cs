using System.Text.RegularExpressions;

namespace Stet.Tests.Observability;

/// <summary>A series that an expression asks for.</summary>
sealed record Selector(string Metric, IReadOnlyList<(string Label, string Operator, string Value)> Matchers);

/// <summary>What an expression in the language of Prometheus names: metrics, labels to match and labels to group by.</summary>
sealed partial class PromQl
{
    static readonly string[] operators = ["and", "or", "unless", "bool", "offset"];
    static readonly string[] groupings = ["by", "without", "on", "ignoring"];
    static readonly string[] aggregations = ["sum", "min", "max", "avg", "count", "topk", "bottomk"];

    readonly string[] tokens;
    int at;

    PromQl(string expression)
    {
        tokens = [.. Tokens(expression)];
        Read();
    }

    public static PromQl Of(string expression) => new(expression);

    public List<Selector> Selectors { get; } = [];

    /// <summary>Labels that results are grouped by, so that every series has to have them.</summary>
    public HashSet<string> GroupedBy { get; } = [];

    [GeneratedRegex(
        """\s*(?<token>"([^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9.]*|=~|!~|!=|==|>=|<=|[-+*/%^(){},=<>])""",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    static partial Regex Lexeme { get; }

    static IEnumerable<string> Tokens(string expression)
    {
        var end = 0;
        foreach (Match match in Lexeme.Matches(expression))
        {
            if (match.Index != end) throw new FormatException($"not read here: {expression[end..]}");
            end = match.Index + match.Length;
            yield return match.Groups["token"].Value;
        }

        if (expression[end..].Trim().Length > 0) throw new FormatException($"not read here: {expression[end..]}");
    }

    void Read()
    {
        while (at < tokens.Length)
        {
            var token = tokens[at++];
            if (!char.IsAsciiLetter(token[0]) || operators.Contains(token)) continue;

            if (groupings.Contains(token)) GroupedBy.UnionWith(Labels());
            else if (Next != "(" && !aggregations.Contains(token)) Selectors.Add(new Selector(token, Matchers()));
        }
    }

    string? Next => at < tokens.Length ? tokens[at] : null;

    IEnumerable<string> Labels()
    {
        var labels = new List<string>();
        Expect("(");
        while (Next != ")")
        {
            labels.Add(tokens[at++]);
            if (Next == ",") at++;
        }

        Expect(")");
        return labels;
    }

    List<(string Label, string Operator, string Value)> Matchers()
    {
        var matchers = new List<(string, string, string)>();
        if (Next != "{") return matchers;

        Expect("{");
        while (Next != "}")
        {
            matchers.Add((tokens[at], tokens[at + 1], tokens[at + 2].Trim('"')));
            at += 3;
            if (Next == ",") at++;
        }

        Expect("}");
        return matchers;
    }

    void Expect(string token)
    {
        if (Next != token) throw new FormatException($"expected {token}, found {Next}");
        at++;
    }
}
