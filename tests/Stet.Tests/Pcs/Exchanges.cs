using System.Text.Json;
using Stet.Tests.Readme;

namespace Stet.Tests.Pcs;

/// <summary>The requests and answers that the specification publishes beside itself, in <c>../shared/data/pcs</c>.</summary>
static class Exchanges
{
    public static IReadOnlyList<JsonElement> All { get; } = Read();

    public static IEnumerable<string> Sequences => All.Select(SequenceOf).Distinct(StringComparer.Ordinal);

    public static string SequenceOf(JsonElement exchange) => exchange.GetProperty("sequence").GetString()!;

    public static JsonElement? Optional(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    /// <summary>The body as text, however it is given.</summary>
    public static string Body(this JsonElement request)
    {
        if (request.Optional("body") is { } body) return body.GetString()!;
        var template = request.GetProperty("body_template");
        var repeated = string.Concat(Enumerable.Repeat(template.Text("repeat"), template.GetProperty("count").GetInt32()));
        return template.Text("prefix") + repeated + template.Text("suffix");
    }

    static JsonElement[] Read()
    {
        var file = Path.Combine(Repository.Root, "..", "shared", "data", "pcs", "exchanges.jsonl");
        if (!File.Exists(file)) throw new FileNotFoundException($"{file} is missing: these tests replay the exchanges in it.");

        return [.. File.ReadLines(file).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line))];
    }
}
