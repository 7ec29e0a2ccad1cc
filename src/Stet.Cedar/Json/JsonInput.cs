using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Stet.Cedar;

/// <summary>
/// The reading of one JSON text: where the reader is, and the first thing that went wrong since <see cref="Restart"/>. A
/// reading method that cannot go on calls <see cref="Fail"/> and answers null or false; every caller passes that on.
/// </summary>
sealed class JsonInput(CedarLimits limits)
{
    /// <summary>
    /// How deep JSON may nest, whatever the limits say: twice what the highest limit on expressions takes. Parsing time grows
    /// with size times depth.
    /// </summary>
    const int MostLevels = 1_024;

    const int MostChainLevels = 16_384;

    const int LongestPointer = 200;

    readonly List<string> path = [];

    internal CedarLimits Limits => limits;

    internal Finding? Failure { get; private set; }

    /// <summary>The policy that is being read, for findings.</summary>
    internal PolicyId? Policy { get; set; }

    /// <summary>
    /// Parses UTF-8 text strictly: no member twice, no surrogate without its other half.
    /// </summary>
    internal bool TryParse(ReadOnlySpan<byte> utf8, out JsonElement root) => TryParse(utf8, MostLevels, out root);

    /// <summary>
    /// The same for policies, whose chains nest two levels for each operand: deep enough for all that a policy of 32 KiB can
    /// hold, as the formatter writes it.
    /// </summary>
    internal bool TryParsePolicies(ReadOnlySpan<byte> utf8, out JsonElement root) =>
        TryParse(utf8, MostLevels + Math.Min(limits.PolicyBytes / 2, MostChainLevels), out root);

    bool TryParse(ReadOnlySpan<byte> utf8, int levels, out JsonElement root)
    {
        root = default;
        if (!Utf8.IsValid(utf8) || HasLoneSurrogate(utf8))
            return Fail(FindingCode.Json, "The text is not valid Unicode: send UTF-8 without lone surrogates.");

        try
        {
            root = JsonElement.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = levels });
            return true;
        }
        catch (JsonException e)
        {
            if (IsTooDeep(utf8, levels))
                return Fail(FindingCode.Limit,
                    $"JSON may nest {levels} levels deep: shorten chains of operators, or use policy text.");

            return e.LineNumber is { } line
                ? Fail(FindingCode.Json, $"The JSON is malformed at line {line + 1}, byte {e.BytePositionInLine + 1}.")
                : Fail(FindingCode.DuplicateKey, "An object names a member twice: remove one.");
        }
    }

    internal void Enter(string name) => path.Add(name);

    internal void Enter(int index) => path.Add(index.ToString(CultureInfo.InvariantCulture));

    internal void Leave() => path.RemoveAt(path.Count - 1);

    internal bool Fail(FindingCode code, string problem)
    {
        var pointer = path.Count == 0 ? null : Pointer();
        Failure ??= new Finding(code, Policy, default, pointer is null ? problem : $"At `{pointer}`: {problem}") { Pointer = pointer };
        return false;
    }

    /// <summary>Forgets the failure and goes back to the root.</summary>
    internal void Restart()
    {
        Failure = null;
        path.Clear();
    }

    /// <summary>The members of an object: those required, then those that may be missing, undefined if they are.</summary>
    internal JsonElement[]? Members(JsonElement json, ReadOnlySpan<string> required, params ReadOnlySpan<string> optional)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            Fail(FindingCode.Json, "An object is needed here.");
            return null;
        }

        var members = new JsonElement[required.Length + optional.Length];

        foreach (var member in json.EnumerateObject())
        {
            var at = required.IndexOf(member.Name);
            if (at < 0 && optional.IndexOf(member.Name) is var behind and >= 0) at = required.Length + behind;

            if (at < 0)
            {
                Fail(FindingCode.Json, $"The member `{ValueText.Shown(member.Name)}` has no meaning here: remove it.");
                return null;
            }

            members[at] = member.Value;
        }

        for (var i = 0; i < required.Length; i++)
        {
            if (members[i].ValueKind != JsonValueKind.Undefined) continue;
            Fail(FindingCode.Json, $"The member `{required[i]}` is missing.");
            return null;
        }

        return members;
    }

    internal string? String(JsonElement json, string name)
    {
        if (json.ValueKind == JsonValueKind.String) return json.GetString();

        Fail(FindingCode.Json, $"`{name}` has to be a string.");
        return null;
    }

    internal bool IsArray(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Array || Fail(FindingCode.Json, $"`{name}` has to be a list.");

    internal bool IsObject(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object || Fail(FindingCode.Json, $"`{name}` has to be an object.");

    internal string? EntityType(string type)
    {
        if (EntityTypeName.IsValid(type)) return type;

        Fail(FindingCode.Json, $"`{ValueText.Shown(type)}` is no entity type: use identifiers joined by `::`.");
        return null;
    }

    internal string Pointer()
    {
        var pointer = string.Concat(path.Select(step => $"/{step.Replace("~", "~0").Replace("/", "~1")}"));
        return pointer.Length <= LongestPointer
            ? ValueText.Shown(pointer, LongestPointer)
            : $"...{ValueText.Shown(pointer.AsSpan()[^LongestPointer..], LongestPointer)}";
    }

    /// <summary>Whether what is refused nests too deep before anything else is wrong with it.</summary>
    static bool IsTooDeep(ReadOnlySpan<byte> utf8, int levels)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = int.MaxValue });

        try
        {
            while (reader.Read())
                if (reader.CurrentDepth >= levels) return true;
        }
        catch (JsonException)
        {
            // Malformed before it is too deep.
        }

        return false;
    }

    /// <summary>Whether an escape <c>\uD800</c> to <c>\uDFFF</c> lacks its other half; strings cannot hold it.</summary>
    static bool HasLoneSurrogate(ReadOnlySpan<byte> utf8)
    {
        while (utf8.IndexOf((byte)'\\') is var at and >= 0)
        {
            utf8 = utf8[at..];

            if (IsSurrogate(utf8, high: true))
            {
                if (!IsSurrogate(utf8[6..], high: false)) return true;
                utf8 = utf8[12..];
            }
            else if (IsSurrogate(utf8, high: false)) return true;
            else utf8 = utf8[Math.Min(2, utf8.Length)..];
        }

        return false;
    }

    static bool IsSurrogate(ReadOnlySpan<byte> utf8, bool high) =>
        utf8 is [(byte)'\\', (byte)'u', (byte)'d' or (byte)'D', var second, _, _, ..]
        && (high ? second is (byte)'8' or (byte)'9' or (byte)'a' or (byte)'b' or (byte)'A' or (byte)'B'
            : second is >= (byte)'c' and <= (byte)'f' or >= (byte)'C' and <= (byte)'F');
}
