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

    // As deep as requests may be; the audit log carries events of twice that depth.
    static readonly CedarLimits limits = CedarLimits.Default with { Depth = 32 };

    /// <summary>Reads one entity.</summary>
    /// <param name="utf8">Its JSON.</param>
    /// <param name="schema">Lets wrappers be left out; null without one.</param>
    /// <param name="input">The entity, parents in ordinal order; null when something is wrong.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? Read(ReadOnlySpan<byte> utf8, CedarSchema? schema, out EntityInput? input)
    {
        input = null;
        byte[] list = [(byte)'[', .. utf8, (byte)']'];
        var (loaded, findings) = EntityStore.ParseJson(list, limits, schema);
        if (loaded is null) return findings[0].Message.Replace("At `/0", "At `", StringComparison.Ordinal);
        if (loaded.Count != 1) return "One entity is needed here.";

        var entity = loaded.All.Single();
        var parents = entity.Ancestors.ToArray();
        Array.Sort(parents, static (left, right) =>
            string.CompareOrdinal(left.Type, right.Type) is var byType and not 0 ? byType : string.CompareOrdinal(left.Id, right.Id));
        if (ProblemOf(entity.Uid) is { } problem) return problem;
        foreach (var parent in parents)
            if (ProblemOf(parent) is { } ofParent) return ofParent;

        if (!IsStorable(entity.Attributes) || !IsStorable(entity.Tags))
            return "A value cannot be recorded: texts hold no U+0000, and integers lie within ±(2^53 - 1).";

        input = new EntityInput(entity.Uid, entity.Attributes, [.. parents], entity.Tags);
        return null;
    }

    /// <summary>Reads <c>{attrs?, parents?, tags?}</c> as the entity of a name.</summary>
    /// <exception cref="BadRequestException">It is no such object, or no entity.</exception>
    public static EntityInput Read(byte[] utf8, EntityUid uid, CedarSchema? schema)
    {
        var problem = Read(Named(utf8, uid), schema, out var input);
        return problem is null ? input!.Value : throw new BadRequestException(RequestProblems.Invalid("", problem) with { Detail = problem });
    }

    static byte[] Named(byte[] utf8, EntityUid uid)
    {
        try
        {
            using var json = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
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
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new BadRequestException(RequestProblems.Invalid("", "is not valid JSON here"));
        }
    }

    static void Member(Utf8JsonWriter writer, JsonElement json, string name, ReadOnlySpan<byte> missing)
    {
        writer.WritePropertyName(name);
        if (json.TryGetProperty(name, out var member)) member.WriteTo(writer);
        else writer.WriteRawValue(missing);
    }

    /// <summary>Why there can be no entity of a name; null when there can.</summary>
    public static string? ProblemOf(EntityUid uid)
    {
        if (uid.Type == "Action" || uid.Type.EndsWith("::Action", StringComparison.Ordinal))
            return "Actions are declared by the schema and not recorded as entities.";
        return uid.Id.Length == 0 || Encoding.UTF8.GetByteCount(uid.Id) > MostIdBytes || uid.Id.Contains('\0')
            || uid.Type.Length > 512
                ? $"An id has 1 to {MostIdBytes} bytes of UTF-8 and no U+0000, a type at most 512 characters."
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
