using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.AccessRequests;

/// <summary>
/// Which denials people can turn: those that rest on policies with <c>@access_request("4h")</c> alone, and would be none with
/// an approval. The value says for how long, a duration of Cedar from 1 second to 30 days.
/// </summary>
static class AccessOffer
{
    /// <summary>The annotation.</summary>
    public const string Annotation = "access_request";

    const long LongestSeconds = 30 * 24 * 60 * 60;

    // What an enforcement point adds when it comes back with an approval, and a time that is not its own to say.
    static readonly string[] noPartOfAQuestion = [GivenApprovals.Member, "supported_obligations", EngineQuestion.Now];

    /// <summary>For how long an approval would hold, by the strictest of the policies; null when there is no use in one.</summary>
    /// <param name="policy">What decided; null: nothing was in force.</param>
    /// <param name="request">What was denied.</param>
    /// <param name="entities">What was known.</param>
    /// <param name="pep">Who asked.</param>
    /// <param name="raw">Cedar's answer.</param>
    /// <param name="effective">What followed from it.</param>
    public static TimeSpan? Of(
        PolicyInForce? policy, RecordedRequest request, IEntities entities, PepSupport pep, RawResult? raw, EffectiveResult effective)
    {
        if (policy is null || raw is null || effective.Class != DecisionClass.Forbidden) return null;

        var seconds = LongestSeconds;
        foreach (var id in raw.Determining)
        {
            if (!policy.Snapshot.TryGetPolicy(new PolicyId(id), out var determining)
                || determining.FindAnnotation(Annotation) is not { } annotation
                || SecondsOf(annotation.Value) is not { } lifetime) return null;

            seconds = Math.Min(seconds, lifetime);
        }

        var held = TimeSpan.FromSeconds(seconds);
        return Lifts(policy, request, entities, pep, held) ? held : null;
    }

    /// <summary>Whether an approval of now would turn the denial, as far as that can be told before somebody gives it.</summary>
    static bool Lifts(PolicyInForce policy, RecordedRequest request, IEntities entities, PepSupport pep, TimeSpan held)
    {
        if (GivenApprovals.WithAny(request, policy.Schema, held) is not { } approved) return false;
        if (policy.Snapshot.ReadsAttribute(GivenApprovals.ApprovedBy)) return true;

        var (_, effective) = DecisionPoint.Evaluate(policy, approved, entities, pep);
        return effective is { Decision: true } or { Code: DecisionCodes.ObligationUnsupported };
    }

    /// <summary>The annotation stands on policies that forbid, with a lifetime.</summary>
    public static void Check(PolicySet policies, CandidateFindings found)
    {
        foreach (var policy in policies.Policies.AddRange(policies.Templates))
        {
            if (policy.FindAnnotation(Annotation) is not { } annotation) continue;

            if (policy.Effect != Effect.Forbid)
                found.Error(Annotation, "policies", policy.Id.Value, $"`@{Annotation}` belongs on a policy that forbids: an approval lifts it.");
            else if (SecondsOf(annotation.Value) is null)
                found.Error(Annotation, "policies", policy.Id.Value, $"`@{Annotation}` has to say for how long, from `1s` to `30d`.");
            else if (!policy.ReadsAttribute(GivenApprovals.Member))
                found.Warn("approval_unread", "policies", policy.Id.Value, "No approval lifts it: write `unless { context has approval }`.");
        }
    }

    /// <summary>A lifetime as the annotation says it, in whole seconds; null when it is none.</summary>
    public static long? SecondsOf(string? value) =>
        DurationValue.TryParse(value, out var lifetime) && lifetime.Milliseconds / 1000 is >= 1 and <= LongestSeconds and var seconds
            ? seconds
            : null;

    /// <summary>What exactly is asked, what the schema does not declare included; null when nobody would read it.</summary>
    public static AccessScope? ScopeOf(TranslatedRequest translated, in AskedEvaluation asked)
    {
        if (ScopeOf(translated.Request, translated.Sources) is not { } scope) return null;

        try
        {
            var canonical = asked.Canonical(noPartOfAQuestion);
            return scope with { AskedDigest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))) };
        }
        catch (FieldValueException)
        {
            return null;
        }
    }

    /// <summary>What exactly was denied, from the request as it was evaluated: as far as policies see it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="sources">Tells what the request itself stated.</param>
    /// <returns>The scope; null when what the request stated has more than 16 KiB, which nobody would read.</returns>
    public static AccessScope? ScopeOf(RecordedRequest request, RequestSources sources)
    {
        var stated = new HashSet<string>(sources.Request, StringComparer.Ordinal);
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            Write(json, "context", request.Context, stated);
            Write(json, "resource", request.Resource.Properties, stated);
            Write(json, "subject", request.Subject.Properties, stated);
            json.WriteEndObject();
        }

        try
        {
            return new AccessScope(
                request.Subject.Type, request.Subject.Id, request.Action, request.Resource.Type, request.Resource.Id,
                FieldValue.Parse(text.WrittenSpan));
        }
        catch (FieldValueException)
        {
            return null;
        }
    }

    static void Write(Utf8JsonWriter json, string name, RecordValue attributes, HashSet<string> stated)
    {
        var kept = new List<KeyValuePair<string, Value>>();
        for (var i = 0; i < attributes.Count; i++)
            if (stated.Contains($"{name}.{attributes.Keys[i]}")) kept.Add(new(attributes.Keys[i], attributes.Values[i]));

        json.WritePropertyName(name);
        json.WriteRawValue(new RecordValue([.. kept]).WriteJson());
    }
}
