using System.Buffers;
using System.Text;
using System.Text.Json;
using Stet.Cedar;
using Stet.Http;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using CedarSchema = Stet.Cedar.Schema;

namespace Stet.Policy.Entities;

/// <summary>Reads entities in Cedar's JSON: <c>{uid, attrs, parents, tags?}</c>, wrappers as a schema allows.</summary>
static class EntityBody
{
    /// <summary>The most bytes of an id's UTF-8.</summary>
    public const int MostIdBytes = 1_024;

    /// <summary>The most characters of a type.</summary>
    public const int MostTypeCharacters = 512;

    const int MostLevels = 64;

    // As deep as requests may be; the audit log carries events of twice that depth.
    static readonly CedarLimits limits = CedarLimits.Default with { Depth = 32 };

    /// <summary>Reads one entity.</summary>
    /// <param name="utf8">Its JSON.</param>
    /// <param name="schema">Lets wrappers be left out; null without one.</param>
    /// <param name="input">The entity, parents in ordinal order; null when something is wrong.</param>
    /// <returns>What is wrong, a sentence, by its place in the entity; null when nothing is.</returns>
    public static MemberError? Read(ReadOnlySpan<byte> utf8, CedarSchema? schema, out EntityInput? input)
    {
        input = null;
        byte[] list = [(byte)'[', .. utf8, (byte)']'];
        var (loaded, findings) = EntityStore.ParseJson(list, limits, schema);
        if (loaded is null) return ErrorOf(findings[0]);
        if (loaded.Count != 1) return new("", "One entity is needed here.");

        var entity = loaded.All.Single();
        var parents = entity.Ancestors.ToArray();
        Array.Sort(parents, static (left, right) =>
            string.CompareOrdinal(left.Type, right.Type) is var byType and not 0 ? byType : string.CompareOrdinal(left.Id, right.Id));
        if (ErrorOf(entity.Uid) is { } error) return error with { Pointer = $"/uid/{error.Pointer}" };
        foreach (var parent in parents)
            if (ErrorOf(parent) is { } ofParent) return ofParent with { Pointer = "/parents" };
        foreach (var (name, record) in new[] { ("attrs", entity.Attributes), ("tags", entity.Tags) })
            if (!IsStorable(record))
                return new($"/{name}", "A value cannot be recorded: texts hold no U+0000, and integers lie within ±(2^53 - 1).");

        input = new EntityInput(entity.Uid, entity.Attributes, [.. parents], entity.Tags);
        return null;
    }

    /// <summary>Reads <c>{attrs?, parents?, tags?}</c> as the entity of a name.</summary>
    /// <exception cref="BadRequestException">It is no such object, or no entity.</exception>
    public static EntityInput Read(byte[] utf8, EntityUid uid, CedarSchema? schema)
    {
        var error = Read(Named(utf8, uid), schema, out var input);
        return error is null ? input!.Value : throw Refused(error);
    }

    /// <summary>Refuses a request for what is wrong with an entity.</summary>
    public static BadRequestException Refused(MemberError error) => new(RequestProblems.Invalid(error) with
    {
        Detail = error.Pointer.Length == 0 ? error.Message : $"At `{error.Pointer}`: {error.Message}",
    });

    /// <summary>What the engine found in a list of one entity.</summary>
    static MemberError ErrorOf(Finding finding)
    {
        const string first = "/0";
        return finding.Pointer is { } pointer && pointer.StartsWith(first, StringComparison.Ordinal)
            ? new(pointer[first.Length..], finding.Message[$"At `{pointer}`: ".Length..])
            : new("", finding.Message);
    }

    static byte[] Named(byte[] utf8, EntityUid uid)
    {
        if (JsonPointer.ErrorIn(utf8, MostLevels) is { } error) throw new BadRequestException(RequestProblems.Invalid(error));

        using var json = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MostLevels });
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw new BadRequestException(RequestProblems.Invalid("", "must be a JSON object"));

        var buffer = new ArrayBufferWriter<byte>(utf8.Length + 256);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WritePropertyName("uid"u8);
        ValueJson.Write(writer, uid);
        Member(writer, json.RootElement, "attrs", "{}"u8);
        Member(writer, json.RootElement, "parents", "[]"u8);
        foreach (var member in json.RootElement.EnumerateObject())
        {
            if (member.Name is "attrs" or "parents") continue;
            if (member.Name == "uid")
                throw new BadRequestException(RequestProblems.Invalid("/uid", "stands in the path: leave it out"));
            member.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    static void Member(Utf8JsonWriter writer, JsonElement json, string name, ReadOnlySpan<byte> missing)
    {
        writer.WritePropertyName(name);
        if (json.TryGetProperty(name, out var member)) member.WriteTo(writer);
        else writer.WriteRawValue(missing);
    }

    /// <summary>Why there can be no entity of a name, by <c>type</c> or <c>id</c>; null when there can.</summary>
    public static MemberError? ErrorOf(EntityUid uid)
    {
        if (uid.Type == "Action" || uid.Type.EndsWith("::Action", StringComparison.Ordinal))
            return new("type", "Actions are declared by the schema and not recorded as entities.");
        if (uid.Type.Length > MostTypeCharacters) return new("type", $"A type has at most {MostTypeCharacters} characters.");
        if (uid.Id is "." or "..") return new("id", "An id is not `.` or `..`: no path could name it.");
        return uid.Id.Length == 0 || Encoding.UTF8.GetByteCount(uid.Id) > MostIdBytes || uid.Id.Contains('\0')
            ? new("id", $"An id has 1 to {MostIdBytes} bytes of UTF-8 and no U+0000.")
            : null;
    }

    static bool IsStorable(Value value)
    {
        switch (value)
        {
            case LongValue { Value: var number }: return number is >= -ValueConversion.LargestInteger and <= ValueConversion.LargestInteger;
            case StringValue { Value: var text }: return !text.Contains('\0');
            case EntityUid uid: return !uid.Id.Contains('\0');
            case SetValue set:
                foreach (var item in set.Items)
                    if (!IsStorable(item)) return false;
                return true;
            case RecordValue record:
                for (var i = 0; i < record.Count; i++)
                    if (record.Keys[i].Contains('\0') || !IsStorable(record.Values[i])) return false;
                return true;
            default: return true;
        }
    }
}
