using System.Text.Json;
using System.Text.Json.Serialization;
using Stet.Policy.Decisions;

namespace Stet.Policy.Lifecycle;

/// <summary>Classes of decisions as events name them.</summary>
sealed class DecisionClassConverter : JsonConverter<DecisionClass>
{
    public override DecisionClass Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DecisionReader.ClassOf(reader.GetString());

    public override void Write(Utf8JsonWriter writer, DecisionClass value, JsonSerializerOptions options) =>
        writer.WriteStringValue(DecisionRecordedConverter.NameOf(value));
}
