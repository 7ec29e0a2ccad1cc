using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Stet.Cedar;

namespace Stet.Policy.Lifecycle;

/// <summary>Something that a decision may ask of the enforcement point.</summary>
/// <param name="Name">Its name in the catalogue.</param>
/// <param name="Type"><c>step-up</c>, <c>notification</c>, <c>session_termination</c> or <c>custom</c>.</param>
/// <param name="Properties">Canonical JSON (RFC 8785): an object.</param>
public sealed record ObligationEntry(string Name, string Type, string Properties);

/// <summary>The obligations that policies name in <c>@obligation("a, b")</c> and <c>@advice("c")</c>. Immutable.</summary>
public sealed class ObligationCatalog
{
    const int Most = 1_000;

    static readonly ImmutableArray<string> kinds = ["custom", "notification", "session_termination", "step-up"];

    readonly FrozenDictionary<string, ObligationEntry> entries;

    ObligationCatalog(ReadOnlyMemory<byte> canonicalJson, Dictionary<string, ObligationEntry> entries)
    {
        CanonicalJson = canonicalJson;
        this.entries = entries.ToFrozenDictionary(StringComparer.Ordinal);
        Types = StringSet.Of(entries.Values.Select(e => e.Type));
    }

    /// <summary><c>{name: {properties, type}}</c> in canonical form (RFC 8785).</summary>
    public ReadOnlyMemory<byte> CanonicalJson { get; }

    /// <summary>The types of its entries: what the decision point may ask for.</summary>
    public StringSet Types { get; }

    /// <summary>The entry of a name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out ObligationEntry? entry) => entries.TryGetValue(name, out entry);

    /// <summary>The names in an annotation's value.</summary>
    public static string[] Names(string value) =>
        value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads a catalogue from canonical JSON.</summary>
    internal static ObligationCatalog? Read(byte[] canonicalJson, CandidateFindings found)
    {
        using var json = JsonDocument.Parse(canonicalJson);
        var before = found.Count;
        var read = new Dictionary<string, ObligationEntry>(StringComparer.Ordinal);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            found.Error("obligation", "obligations", null, "The catalogue has to be an object: `{name: {type, properties}}`.");
            return null;
        }

        foreach (var entry in json.RootElement.EnumerateObject())
        {
            if (ProblemOf(entry) is { } problem) found.Error("obligation", "obligations", entry.Name, problem);
            else
                read.Add(entry.Name, new ObligationEntry(
                    entry.Name, entry.Value.GetProperty("type").GetString()!, entry.Value.GetProperty("properties").GetRawText()));
        }

        if (read.Count > Most) found.Error("limit", "obligations", null, $"A catalogue may have {Most} entries.");
        return found.Count == before ? new ObligationCatalog(canonicalJson, read) : null;
    }

    /// <summary>Every name in an annotation has to be an entry.</summary>
    internal void CheckNames(PolicySet policies, CandidateFindings found)
    {
        foreach (var policy in policies.Policies.AddRange(policies.Templates))
        {
            foreach (var annotation in policy.Annotations)
            {
                if (annotation.Name is not ("obligation" or "advice")) continue;

                var names = Names(annotation.Value ?? "");
                if (names.Length == 0)
                    found.Error("obligation", "policies", policy.Id.Value, $"`@{annotation.Name}` has to name entries of the catalogue.");
                foreach (var name in names)
                    if (!TryGet(name, out _))
                        found.Error("obligation", "policies", policy.Id.Value, $"`{name}` is not in the catalogue of obligations.");
            }
        }
    }

    /// <summary>Every decision that asks for an obligation holds its properties.</summary>
    internal void CheckSizes(CandidateFindings found)
    {
        foreach (var entry in entries.Values)
            if (Encoding.UTF8.GetByteCount(entry.Properties) > FieldValue.MaxBytes)
                found.Error("limit", "obligations", entry.Name, "`properties` may have 16 KiB in canonical form.");
    }

    static string? ProblemOf(JsonProperty entry)
    {
        if (entry.Name.Length is 0 or > 128 || entry.Name.AsSpan().ContainsAny(',', ' '))
            return "A name has 1 to 128 characters, none of them a comma or a space.";
        if (entry.Value.ValueKind != JsonValueKind.Object
            || entry.Value.EnumerateObject().Any(m => m.Name is not ("type" or "properties"))
            || !entry.Value.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String
            || !entry.Value.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
            return "An entry is `{type, properties}`.";

        return type.GetString() switch
        {
            "step-up" => Problem(properties, "acr_value") ?? (IsMissingOr(properties, "amr_values", IsTexts)
                ? null
                : "`amr_values` has to be a list of texts."),
            "notification" => Problem(properties, "to") ?? Problem(properties, "body")
                ?? (IsMissingOr(properties, "topic", IsText) ? null : "`topic` has to be a text."),
            "session_termination" => properties.TryGetProperty("subject", out var subject)
                && subject.ValueKind is JsonValueKind.String or JsonValueKind.Object
                    ? null
                    : "`session_termination` needs the `subject` whose session ends.",
            "custom" => null,
            _ => $"The type has to be one of: {string.Join(", ", kinds)}.",
        };
    }

    static string? Problem(JsonElement properties, string name) =>
        properties.TryGetProperty(name, out var member) && IsText(member) ? null : $"`{name}` is needed, a text.";

    static bool IsMissingOr(JsonElement properties, string name, Predicate<JsonElement> isRight) =>
        !properties.TryGetProperty(name, out var member) || isRight(member);

    static bool IsText(JsonElement json) => json.ValueKind == JsonValueKind.String && json.GetString()!.Length > 0;

    static bool IsTexts(JsonElement json) => json.ValueKind == JsonValueKind.Array && json.EnumerateArray().All(IsText);
}
