using System.Buffers;
using System.Text.Json;

namespace Stet.Policy.AuthZen;

/// <summary>A question of AuthZEN as it was sent, structurally sound; properties undefined where there are none.</summary>
/// <param name="Subject">Who wants something.</param>
/// <param name="Action">What it wants to do.</param>
/// <param name="ActionProperties">An object, or undefined.</param>
/// <param name="Resource">With what.</param>
/// <param name="Context">Under which circumstances: an object, or undefined.</param>
readonly record struct AskedEvaluation(
    AskedParty Subject, string Action, JsonElement ActionProperties, AskedParty Resource, JsonElement Context)
{
    /// <summary>The question in canonical JSON (RFC 8785); what is empty is left out.</summary>
    /// <param name="but">Members of the context that are left out as well.</param>
    /// <exception cref="FieldValueException">It has none.</exception>
    public string Canonical(params ReadOnlySpan<string> but)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Write(json, "subject", Subject);
            if (Action.Length > 0)
            {
                json.WriteStartObject("action"u8);
                json.WriteString("name"u8, Action);
                Write(json, "properties", ActionProperties, []);
                json.WriteEndObject();
            }

            Write(json, "resource", Resource);
            Write(json, "context", Context, but);
            json.WriteEndObject();
        }

        return FieldValue.Canonical(buffer.WrittenSpan);
    }

    static void Write(Utf8JsonWriter json, string name, AskedParty party)
    {
        json.WriteStartObject(name);
        json.WriteString("type"u8, party.Type);
        if (party.Id.Length > 0) json.WriteString("id"u8, party.Id);
        Write(json, "properties", party.Properties, []);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, string name, JsonElement members, ReadOnlySpan<string> but)
    {
        if (members.ValueKind != JsonValueKind.Object) return;

        var isEmpty = true;
        foreach (var member in members.EnumerateObject())
        {
            if (but.Contains(member.Name)) continue;

            if (isEmpty) json.WriteStartObject(name);
            isEmpty = false;
            member.WriteTo(json);
        }

        if (!isEmpty) json.WriteEndObject();
    }
}

/// <summary>A subject or resource as it was sent.</summary>
/// <param name="Type">1 to 1,024 bytes of UTF-8.</param>
/// <param name="Id">1 to 1,024 bytes of UTF-8; empty for the one that is searched for.</param>
/// <param name="Properties">An object, or undefined.</param>
readonly record struct AskedParty(string Type, string Id, JsonElement Properties);
