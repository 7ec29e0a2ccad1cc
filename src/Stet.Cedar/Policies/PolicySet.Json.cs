using System.Security.Cryptography;
using System.Text.Json;

namespace Stet.Cedar;

public sealed partial class PolicySet
{
    /// <summary>
    /// Reads <c>{staticPolicies, templates, templateLinks}</c>, the first required. Every policy gets as its
    /// <see cref="PolicySource"/> the text the formatter makes of it, so limits and positions are those of that text.
    /// JSON nests two levels for each operand of a chain: one of more than about 8,000 has to be given as text.
    /// </summary>
    /// <param name="utf8">The JSON text.</param>
    /// <param name="limits">How large it may be.</param>
    /// <returns>The set, or every finding there is: at most one for each policy and link. No text causes an exception.</returns>
    public static Outcome<PolicySet> ParseJson(ReadOnlySpan<byte> utf8, CedarLimits limits)
    {
        var input = new JsonInput(limits);
        var findings = new List<Finding>();
        var policies = new List<PolicyText>();
        var links = new List<TemplateLink>();

        if (!input.TryParsePolicies(utf8, out var root)
            || input.Members(root, ["staticPolicies"], "templates", "templateLinks") is not [var statics, var templates, var linked]
            || !IsMissingOr(linked, json => input.IsArray(json, "templateLinks"))
            || !input.IsObject(statics, "staticPolicies")
            || !IsMissingOr(templates, json => input.IsObject(json, "templates"))) return new(null, [input.Failure!]);

        ReadPolicies(input, "staticPolicies", statics, isTemplate: false, policies, findings);
        if (templates.ValueKind != JsonValueKind.Undefined)
            ReadPolicies(input, "templates", templates, isTemplate: true, policies, findings);
        if (linked.ValueKind != JsonValueKind.Undefined) ReadLinks(input, linked, links, findings);

        return findings.Count > 0 ? new(null, [.. findings]) : Parse([.. policies], [.. links], limits);
    }

    /// <summary>
    /// The set as <c>{staticPolicies, templateLinks, templates}</c>, in canonical JSON (RFC 8785, but integers keep every
    /// digit): equal sets give equal bytes.
    /// </summary>
    public byte[] WriteJson()
    {
        var json = new CanonicalWriter();
        new PolicyWriter(json).WriteSet(this);
        return json.Written.ToArray();
    }

    /// <summary>
    /// SHA-256 over the canonical JSON of <c>{language, obligations, policies}</c>, which is what approvals and decisions
    /// are bound to: 32 bytes.
    /// </summary>
    /// <param name="obligations">Canonical JSON (RFC 8785) of the catalogue of obligations; <c>{}</c> for none.</param>
    public byte[] ComputeDigest(ReadOnlySpan<byte> obligations)
    {
        var json = new CanonicalWriter();
        json.Raw("{\"language\":"u8).String(CedarLanguage.Version);
        json.Raw(",\"obligations\":"u8).Raw(obligations).Raw(",\"policies\":"u8);
        new PolicyWriter(json).WriteSet(this);
        return SHA256.HashData(json.Raw("}"u8).Written);
    }

    static bool IsMissingOr(JsonElement json, Predicate<JsonElement> isRight) =>
        json.ValueKind == JsonValueKind.Undefined || isRight(json);

    static void ReadPolicies(
        JsonInput input, string member, JsonElement json, bool isTemplate, List<PolicyText> policies, List<Finding> findings)
    {
        var reader = new PolicyReader(input);

        foreach (var named in json.EnumerateObject())
        {
            var id = new PolicyId(named.Name);
            input.Restart();
            input.Policy = id;
            input.Enter(member);
            input.Enter(named.Name);

            if (reader.Read(id, named.Value) is not { } policy) findings.Add(input.Failure!);
            else if (policy.IsTemplate != isTemplate)
                findings.Add(new Finding(FindingCode.Json, id, default, isTemplate
                    ? $"`{ValueText.Shown(id.Value)}` has no slot: it belongs under `staticPolicies`."
                    : $"`{ValueText.Shown(id.Value)}` has a slot: it belongs under `templates`."));
            else policies.Add(new PolicyText(id, PolicyFormatter.Format(policy)));
        }
    }

    static void ReadLinks(JsonInput input, JsonElement json, List<TemplateLink> links, List<Finding> findings)
    {
        var (reader, position) = (new PolicyReader(input), 0);

        foreach (var item in json.EnumerateArray())
        {
            input.Restart();
            input.Policy = null;
            input.Enter("templateLinks");
            input.Enter(position++);

            if (reader.ReadLink(item) is { } link) links.Add(link);
            else findings.Add(input.Failure!);
        }
    }
}

/// <summary>The language this library implements.</summary>
public static class CedarLanguage
{
    /// <summary>Its version, which is part of what digests are computed over.</summary>
    public const string Version = "4.5";
}

/// <summary>What this library makes of the language.</summary>
public static class CedarEngine
{
    /// <summary>
    /// Raised with every change after which a policy, a schema, an entity or a request may be judged or evaluated otherwise
    /// than before, and with no other: who has recorded answers evaluates them again when it has risen.
    /// </summary>
    public const string Version = "1.1";
}
