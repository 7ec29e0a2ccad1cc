using System.Text.Json;
using Stet.Cedar;

namespace Stet.Policy.Decisions;

/// <summary>Reads stored decisions.</summary>
static class DecisionReader
{
    /// <exception cref="JsonException">It is no decision.</exception>
    public static DecisionRecorded Read(ref Utf8JsonReader json)
    {
        try
        {
            return ReadMembers(ref json);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException) // a member of another kind
        {
            throw new JsonException("a stored decision has a member that is none of its own", e);
        }
    }

    static DecisionRecorded ReadMembers(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject) throw new JsonException("a stored decision is no object");

        var (evaluation, batch, item, requestId) = (Guid.Empty, (Guid?)null, (int?)null, (string?)null);
        var (pep, subject, resource, action) = ((PepSupport?)null, (Party?)null, (Party?)null, (string?)null);
        var (context, invalid, dropped, sources) = (RecordValue.Empty, StringSet.Empty, StringSet.Empty, RequestSources.None);
        var (policies, schema, entities, layer, now) = ((string?)null, (string?)null, 0L, 1, default(DateTimeOffset));
        var (raw, effective, problem, digest) = ((RawResult?)null, (EffectiveResult?)null, (string?)null, (string?)null);
        while (ValueJson.NextName(ref json) is { } name)
        {
            switch (name)
            {
                case "evaluation_id": evaluation = json.GetGuid(); break;
                case "batch_id": batch = json.GetGuid(); break;
                case "item": item = json.GetInt32(); break;
                case "request_id": requestId = json.GetString(); break;
                case "pep": pep = ReadPep(ref json); break;
                case "subject": subject = ReadParty(ref json); break;
                case "action": action = ReadAction(ref json); break;
                case "resource": resource = ReadParty(ref json); break;
                case "context": context = ValueJson.ReadRecord(ref json); break;
                case "problem": problem = json.GetString(); break;
                case "invalid": invalid = StringSet.Of(ReadTexts(ref json)); break;
                case "sources": sources = ReadSources(ref json); break;
                case "dropped": dropped = StringSet.Of(ReadTexts(ref json)); break;
                case "policy_set_digest": policies = json.GetString(); break;
                case "schema_digest": schema = json.GetString(); break;
                case "entity_position": entities = json.GetInt64(); break;
                case "layer": layer = json.GetInt32(); break;
                case "now" when json.TryGetDateTimeOffset(out var time): now = time.ToUniversalTime(); break;
                case "raw": raw = ReadRaw(ref json); break;
                case "effective": effective = ReadEffective(ref json); break;
                case "replay_digest": digest = json.GetString(); break;
                default: json.Skip(); break;
            }
        }

        return pep is null || subject is null || resource is null || action is null || effective is null
            ? throw new JsonException("a stored decision lacks a member")
            : new DecisionRecorded(
                evaluation, batch, item, requestId, pep,
                new RecordedRequest(subject, action, resource, context, now, invalid, problem) { Layer = layer },
                sources, dropped, policies, schema, entities, raw, effective, digest);
    }

    static PepSupport ReadPep(ref Utf8JsonReader json)
    {
        var (id, obligations) = ("", StringSet.Empty);
        while (ValueJson.NextName(ref json) is { } name)
        {
            if (name == "id") id = json.GetString()!;
            else if (name == "obligations") obligations = StringSet.Of(ReadTexts(ref json));
            else json.Skip();
        }

        return new PepSupport(id, obligations);
    }

    static Party ReadParty(ref Utf8JsonReader json)
    {
        var (type, id, properties) = ("", "", RecordValue.Empty);
        while (ValueJson.NextName(ref json) is { } name)
        {
            if (name == "type") type = json.GetString()!;
            else if (name == "id") id = json.GetString()!;
            else if (name == "properties") properties = ValueJson.ReadRecord(ref json);
            else json.Skip();
        }

        return new Party(type, id, properties);
    }

    static string? ReadAction(ref Utf8JsonReader json)
    {
        string? action = null;
        while (ValueJson.NextName(ref json) is { } name)
        {
            if (name == "name") action = json.GetString();
            else json.Skip();
        }

        return action;
    }

    static RequestSources ReadSources(ref Utf8JsonReader json)
    {
        var sources = RequestSources.None;
        while (ValueJson.NextName(ref json) is { } name)
        {
            switch (name)
            {
                case "governed": sources = sources with { Governed = StringSet.Of(ReadTexts(ref json)) }; break;
                case "request": sources = sources with { Request = StringSet.Of(ReadTexts(ref json)) }; break;
                case "recorded": sources = sources with { Recorded = StringSet.Of(ReadTexts(ref json)) }; break;
                default: json.Skip(); break;
            }
        }

        return sources;
    }

    static RawResult ReadRaw(ref Utf8JsonReader json)
    {
        var (decision, determining, errors) = (false, new List<string>(), new List<RawError>());
        while (ValueJson.NextName(ref json) is { } name)
        {
            switch (name)
            {
                case "decision": decision = json.GetBoolean(); break;
                case "determining": determining = ReadTexts(ref json); break;
                case "errors":
                    while (json.Read() && json.TokenType != JsonTokenType.EndArray) errors.Add(ReadError(ref json));
                    break;
                default: json.Skip(); break;
            }
        }

        return new RawResult(decision, [.. determining], [.. errors]);
    }

    static RawError ReadError(ref Utf8JsonReader json)
    {
        var (policy, kind) = ("", "");
        while (ValueJson.NextName(ref json) is { } name)
        {
            if (name == "policy") policy = json.GetString()!;
            else if (name == "kind") kind = json.GetString()!;
            else json.Skip();
        }

        return new RawError(policy, kind);
    }

    static EffectiveResult ReadEffective(ref Utf8JsonReader json)
    {
        var (decision, kind, code, obligations) = (false, DecisionClass.Error, (string?)null, new List<Obligation>());
        while (ValueJson.NextName(ref json) is { } name)
        {
            switch (name)
            {
                case "decision": decision = json.GetBoolean(); break;
                case "class": kind = DecisionClasses.Read(json.GetString()); break;
                case "code": code = json.GetString(); break;
                case "obligations":
                    while (json.Read() && json.TokenType != JsonTokenType.EndArray) obligations.Add(ReadObligation(ref json));
                    break;
                default: json.Skip(); break;
            }
        }

        return new EffectiveResult(decision, kind, code, [.. obligations]);
    }

    static Obligation ReadObligation(ref Utf8JsonReader json)
    {
        var (id, type, properties) = ("", "", "{}");
        while (ValueJson.NextName(ref json) is { } name)
        {
            if (name == "id") id = json.GetString()!;
            else if (name == "type") type = json.GetString()!;
            else if (name == "properties") properties = ValueJson.ReadCanonical(ref json);
            else json.Skip();
        }

        return new Obligation(id, type, properties);
    }

    static List<string> ReadTexts(ref Utf8JsonReader json)
    {
        var texts = new List<string>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray) texts.Add(json.GetString()!);
        return texts;
    }
}
