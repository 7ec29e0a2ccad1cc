using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Stet.CommandLine;

/// <summary>
/// Tests of policies in files: each a list of <c>{name, request, entities?, expected}</c>, or one of them. What a test says
/// nothing about stands in <c>entities.json</c> beside its file.
/// </summary>
sealed class TestFiles
{
    /// <summary>Folders of this name hold tests.</summary>
    public const string Folder = "tests";

    const string EntitiesFile = "entities.json";

    readonly List<FoundTest> tests = [];
    readonly Dictionary<string, JsonDocument> entities = new(StringComparer.Ordinal);

    /// <summary>Their names, in the order of paths and places.</summary>
    public IReadOnlyList<string> Names => [.. tests.Select(t => t.Name)];

    public void Add(TextFile file, List<FileFinding> findings)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file.Path))!;
        var isEntities = Path.GetFileName(file.Path) == EntitiesFile;
        var before = findings.Count;
        var isSingle = !isEntities && file.Text.AsSpan().TrimStart().StartsWith('{');
        var children = file.Children(
            isSingle ? JsonValueKind.Object : JsonValueKind.Array, findings,
            isEntities ? "a list" : "a list of {name, request, entities?, expected}, or one of them");
        if (isEntities)
        {
            if (findings.Count == before) entities[folder] = JsonDocument.Parse(file.Text);
            return;
        }

        if (!isSingle)
        {
            foreach (var (_, offset, json) in children) Add(file, folder, offset, json.RootElement, findings);
        }
        else if (findings.Count == before)
            Add(file, folder, file.Text.IndexOf('{', StringComparison.Ordinal), JsonDocument.Parse(file.Text).RootElement, findings);
    }

    void Add(TextFile file, string folder, long offset, JsonElement json, List<FileFinding> findings)
    {
        // The answer that promotes a decision, as it came.
        if (json.ValueKind == JsonValueKind.Object && !json.TryGetProperty("name", out _) && json.TryGetProperty("test", out var test)) json = test;

        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
            findings.Add(file.AtByte(offset, "A test is `{name, request, entities?, expected}`, and its name a text."));
        else if (tests.Find(t => t.Name == name.GetString()) is { } first)
            findings.Add(file.AtByte(offset, $"The name `{first.Name}` is taken by a test in {first.File.Path}."));
        else
            tests.Add(new FoundTest(file, offset, folder, name.GetString()!, json));
    }

    /// <summary>All tests as one list, each with its entities.</summary>
    public string Json()
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartArray();
            foreach (var test in tests) Write(json, test);
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>What is to be said about a test; about all, when none has that name.</summary>
    public FileFinding At(string? name, string message) =>
        tests.Find(t => t.Name == name) is { } test
            ? test.File.AtByte(test.Offset, $"{test.Name}: {message}")
            : tests is [var first, ..]
                ? first.File.AtByte(0, message)
                : new FileFinding(Folder, new Cedar.TextPosition(1, 1), message, IsWarning: false);

    void Write(Utf8JsonWriter json, FoundTest test)
    {
        json.WriteStartObject();
        foreach (var member in test.Json.EnumerateObject()) member.WriteTo(json);
        if (!test.Json.TryGetProperty("entities", out _) && entities.TryGetValue(test.Folder, out var shared))
        {
            json.WritePropertyName("entities");
            shared.RootElement.WriteTo(json);
        }

        json.WriteEndObject();
    }

    sealed record FoundTest(TextFile File, long Offset, string Folder, string Name, JsonElement Json);
}
