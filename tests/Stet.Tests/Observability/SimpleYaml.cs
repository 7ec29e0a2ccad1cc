using System.Text.Json.Nodes;

namespace Stet.Tests.Observability;

/// <summary>
/// Reads the YAML that configuration here is written in: mappings and sequences by indentation, plain and quoted scalars,
/// block texts, lists in brackets. Anything else is a fault.
/// </summary>
sealed class SimpleYaml
{
    readonly List<(int Indent, string Text)> lines;
    int at;

    SimpleYaml(string text) => lines =
    [
        .. text.Split('\n').Select(line => line.TrimEnd())
            .Select(line => (line.Length - line.TrimStart(' ').Length, line.TrimStart(' ')))
            .Where(line => line.Item2.Length > 0 && line.Item2[0] != '#'),
    ];

    public static JsonNode Parse(string text)
    {
        var yaml = new SimpleYaml(text);
        var value = yaml.Block(0);
        return yaml.at == yaml.lines.Count ? value : throw new FormatException($"out of place: {yaml.lines[yaml.at].Text}");
    }

    JsonNode Block(int indent) => lines[at].Text.StartsWith("- ", StringComparison.Ordinal) ? Sequence(indent) : Mapping(indent);

    JsonArray Sequence(int indent)
    {
        var items = new JsonArray();
        while (at < lines.Count && lines[at].Indent == indent && lines[at].Text.StartsWith("- ", StringComparison.Ordinal))
        {
            var item = lines[at].Text[2..];
            if (KeyOf(item) is null)
            {
                items.Add(Scalar(item));
                at++;
                continue;
            }

            lines[at] = (indent + 2, item);
            items.Add(Mapping(indent + 2));
        }

        return items;
    }

    JsonObject Mapping(int indent)
    {
        var members = new JsonObject();
        while (at < lines.Count && lines[at].Indent == indent && !lines[at].Text.StartsWith("- ", StringComparison.Ordinal))
        {
            var line = lines[at++].Text;
            var key = KeyOf(line) ?? throw new FormatException($"no key: {line}");
            var value = line[(key.Length + 1)..].TrimStart();
            members.Add(key, value switch
            {
                "|" => Text(indent),
                "" when at < lines.Count && IsWithin(indent) => Block(lines[at].Indent),
                "" => null,
                _ => Scalar(value),
            });
        }

        return at < lines.Count && lines[at].Indent > indent ? throw new FormatException($"indented too far: {lines[at].Text}") : members;
    }

    bool IsWithin(int indent) => lines[at].Indent > indent
        || (lines[at].Indent == indent && lines[at].Text.StartsWith("- ", StringComparison.Ordinal));

    string Text(int indent)
    {
        var text = new List<string>();
        while (at < lines.Count && lines[at].Indent > indent) text.Add(lines[at++].Text);
        return string.Join('\n', text);
    }

    static string? KeyOf(string line)
    {
        if (line[0] is '"' or '[') return null;
        var end = line.IndexOf(": ", StringComparison.Ordinal);
        return end > 0 ? line[..end] : line.EndsWith(':') ? line[..^1] : null;
    }

    static JsonNode Scalar(string text) => text switch
    {
        ['"', .., '"'] => JsonNode.Parse(text)!,
        ['[', .. var list, ']'] => new JsonArray([.. list.Split(", ").Select(item => Scalar(item))]),
        ['"' or '[' or '{' or '\'' or '&' or '*' or '!' or '>' or '%' or '@', ..] => throw new FormatException($"not read here: {text}"),
        _ when text.Contains(" #", StringComparison.Ordinal) => throw new FormatException($"a comment behind a value: {text}"),
        _ => text,
    };
}
