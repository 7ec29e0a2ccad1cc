using System.Text.Json;
using System.Text.Json.Serialization;
using Stet.Cedar;
using Stet.Policy.Decisions;

namespace Stet.Policy.Entities;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>This is what is known of an entity from now on: a principal, a resource, a tool, a group, a region.</summary>
/// <param name="Entity">Its name, and all that is known of it.</param>
/// <param name="Actor">The verified caller.</param>
/// <param name="RecordedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record EntityRecorded(KnownEntity Entity, string Actor, DateTimeOffset RecordedAt);

/// <summary>Nothing is known of an entity any more.</summary>
/// <param name="Type">Type path of its name.</param>
/// <param name="Id">Id of its name.</param>
/// <param name="Actor">The verified caller.</param>
/// <param name="RemovedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record EntityRemoved(string Type, string Id, string Actor, DateTimeOffset RemovedAt)
{
    /// <summary>Its name.</summary>
    [JsonIgnore]
    public EntityUid Uid => new(Type, Id);
}

/// <summary>An entity, in Cedar's entity JSON: <c>{uid, attrs, parents, tags}</c>.</summary>
/// <param name="Uid">Its name: a type path, and an id of 1 to 1,024 bytes of UTF-8.</param>
/// <param name="Attrs">All attributes.</param>
/// <param name="Parents">What it is directly in, in ordinal order of types and ids, each once.</param>
/// <param name="Tags">All tags.</param>
[JsonConverter(typeof(KnownEntityConverter))]
public sealed record KnownEntity(EntityUid Uid, RecordValue Attrs, EquatableArray<EntityUid> Parents, RecordValue Tags)
{
    public static KnownEntity Of(EntityInput input) => new(input.Uid, input.Attributes, new(input.Parents), input.Tags);

    public EntityInput ToInput() => new(Uid, Attrs, Parents.Items, Tags);
}

/// <summary>Shapes of stored events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(EntityRecorded))]
[JsonSerializable(typeof(EntityRemoved))]
sealed partial class EntityEventJson : JsonSerializerContext;

/// <summary>Entities with every wrapper: reading them takes no schema.</summary>
sealed class KnownEntityConverter : JsonConverter<KnownEntity>
{
    public override KnownEntity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("must be an entity");

        EntityUid? uid = null;
        var (attributes, tags, parents) = (RecordValue.Empty, RecordValue.Empty, new List<EntityUid>());
        while (ValueJson.NextName(ref reader) is { } name)
        {
            switch (name)
            {
                case "uid": uid = ValueJson.ReadUid(ref reader); break;
                case "attrs": attributes = ValueJson.ReadRecord(ref reader); break;
                case "tags": tags = ValueJson.ReadRecord(ref reader); break;
                case "parents":
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) parents.Add(ValueJson.ReadUid(ref reader));
                    break;
                default: reader.Skip(); break;
            }
        }

        return new KnownEntity(uid ?? throw new JsonException("an entity needs `uid`"), attributes, [.. parents], tags);
    }

    public override void Write(Utf8JsonWriter writer, KnownEntity value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("uid"u8);
        ValueJson.Write(writer, value.Uid);
        writer.WritePropertyName("attrs"u8);
        ValueJson.Write(writer, value.Attrs);
        writer.WriteStartArray("parents"u8);
        foreach (var parent in value.Parents) ValueJson.Write(writer, parent);
        writer.WriteEndArray();
        writer.WritePropertyName("tags"u8);
        ValueJson.Write(writer, value.Tags);
        writer.WriteEndObject();
    }
}
