using System.Text;
using System.Text.Json;
using Stet.Policy.Decisions;

namespace Stet.CommandLine;

/// <summary>
/// Recorded decisions in a file: an answer of <c>GET /v1/policy/decisions</c>, a list, or one on each line; each as that
/// answer holds it, or the event alone.
/// </summary>
static class DecisionFile
{
    /// <summary>Reads all of them, each with its place.</summary>
    /// <exception cref="PolicyCommandException">One of them is no decision.</exception>
    public static IEnumerable<(string Place, DecisionRecorded Decision)> Read(string path)
    {
        var file = TextFile.Read(path);
        return Whole(file) is { } document ? ReadList(path, document) : ReadLines(file);
    }

    /// <summary>The file as one JSON text; null when it is none: then each line is.</summary>
    static JsonDocument? Whole(TextFile file)
    {
        try
        {
            return JsonDocument.Parse(file.Text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static IEnumerable<(string, DecisionRecorded)> ReadList(string path, JsonDocument document)
    {
        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("decisions", out var page)) root = page;
            var list = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().ToArray() : [root];
            for (var i = 0; i < list.Length; i++) yield return Decision($"{path}[{i}]", list[i]);
        }
    }

    static IEnumerable<(string, DecisionRecorded)> ReadLines(TextFile file)
    {
        var line = 0;
        foreach (var text in file.Text.Split('\n'))
        {
            line++;
            if (string.IsNullOrWhiteSpace(text)) continue;

            using var json = Parse($"{file.Path}:{line}", text);
            yield return Decision($"{file.Path}:{line}", json.RootElement);
        }
    }

    static JsonDocument Parse(string place, string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new PolicyCommandException($"{place}: is no JSON.", e);
        }
    }

    static (string, DecisionRecorded) Decision(string place, JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty("decision", out var wrapped)) json = wrapped;
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json.GetRawText()));
            reader.Read();
            return (place, DecisionReader.Read(ref reader));
        }
        catch (JsonException e)
        {
            throw new PolicyCommandException($"{place}: is no recorded decision, as `GET /v1/policy/decisions` answers with.", e);
        }
    }
}
