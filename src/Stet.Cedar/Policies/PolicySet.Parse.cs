using System.Text;

namespace Stet.Cedar;

public sealed partial class PolicySet
{
    /// <summary>Reads policies and templates, each from a text of its own.</summary>
    /// <param name="policies">Every text holds exactly one policy or template.</param>
    /// <param name="links">What fills the templates' slots.</param>
    /// <param name="limits">How large all this may be.</param>
    /// <param name="isStored">
    /// Version 1.0 of the engine has read it: an entity of any type may stand in the place of an action, as it might then.
    /// </param>
    /// <returns>The set, or every finding there is: at most one for each text and link. No text causes an exception.</returns>
    public static Outcome<PolicySet> Parse(
        ReadOnlySpan<PolicyText> policies, ReadOnlySpan<TemplateLink> links, CedarLimits limits, bool isStored = false)
    {
        var parsed = new List<Policy>(policies.Length);
        var findings = new List<Finding>();

        if (policies.Length + links.Length > limits.Policies) return new(null, [TooMany(limits)]);

        foreach (var (id, text) in policies)
        {
            if (Encoding.UTF8.GetByteCount(text) > limits.PolicyBytes)
            {
                findings.Add(new Finding(FindingCode.Limit, id, new TextSpan(0, text.Length),
                    $"A policy may have {limits.PolicyBytes} bytes: split it."));
                continue;
            }

            var (before, found) = (parsed.Count, findings.Count);
            new PolicyParser(text, limits, isStored).ParseAll(_ => id, parsed, findings);
            var count = parsed.Count - before;
            var second = count > 1 ? parsed[before + 1].Source.Where : default;
            if (findings.Count > found || count > 1) parsed.RemoveRange(before, count);

            if (findings.Count > found) findings.RemoveRange(found + 1, findings.Count - found - 1);
            else if (count == 0)
                findings.Add(new Finding(FindingCode.Syntax, id, default, "The text holds no policy."));
            else if (count > 1)
                findings.Add(new Finding(FindingCode.Syntax, id, second,
                    "The text holds another policy: give each a text and an id of its own."));
        }

        return Assemble(parsed, links, findings, limits);
    }

    /// <summary>Reads a text of any number of policies and templates.</summary>
    /// <param name="text">The policies, one after the other.</param>
    /// <param name="links">What fills the templates' slots.</param>
    /// <param name="limits">How large all this may be.</param>
    /// <param name="id">
    /// The id of the policy at a position, from 0; by default <c>policy0</c>, <c>policy1</c> and so on.
    /// </param>
    /// <returns>The set, or every finding there is: at most one for each policy and link. No text causes an exception.</returns>
    public static Outcome<PolicySet> ParseAll(
        string text, ReadOnlySpan<TemplateLink> links, CedarLimits limits, Func<int, PolicyId>? id = null)
    {
        var parsed = new List<Policy>();
        var findings = new List<Finding>();
        id ??= position => new PolicyId($"policy{position}");
        new PolicyParser(text, limits).ParseAll(id, parsed, findings);
        return Assemble(parsed, links, findings, limits);
    }

    static Outcome<PolicySet> Assemble(
        List<Policy> parsed, ReadOnlySpan<TemplateLink> links, List<Finding> findings, CedarLimits limits)
    {
        if (parsed.Count + links.Length > limits.Policies) findings.Add(TooMany(limits));

        var ids = new HashSet<PolicyId>();
        var templates = new Dictionary<PolicyId, Policy>();

        foreach (var policy in parsed)
        {
            CheckId(policy.Id, policy.Source.Where, ids, findings);
            if (policy.IsTemplate) templates.TryAdd(policy.Id, policy);
        }

        foreach (var link in links)
        {
            CheckId(link.Id, default, ids, findings);
            CheckLink(link, templates, findings);
        }

        if (findings.Count > 0) return new(null, [.. findings]);

        parsed.Sort((left, right) => left.Id.CompareTo(right.Id));
        var sortedLinks = links.ToArray();
        Array.Sort(sortedLinks, (left, right) => left.Id.CompareTo(right.Id));

        var byKind = parsed.ToLookup(policy => policy.IsTemplate);
        return new(new PolicySet([.. byKind[false]], [.. byKind[true]], [.. sortedLinks]), []);
    }

    static void CheckId(PolicyId id, TextSpan where, HashSet<PolicyId> ids, List<Finding> findings)
    {
        if (!id.IsValid)
            findings.Add(new Finding(FindingCode.PolicyId, id, where,
                $"`{ValueText.Shown(id.Value)}` cannot be an id: use 1 to 128 of `a-z 0-9 . _ -`, beginning with a letter or digit."));
        else if (!ids.Add(id))
            findings.Add(new Finding(FindingCode.DuplicateId, id, where,
                $"The id `{id}` is taken: policies, templates and links need different ones."));
    }

    static void CheckLink(TemplateLink link, Dictionary<PolicyId, Policy> templates, List<Finding> findings)
    {
        if (!templates.TryGetValue(link.Template, out var template))
        {
            findings.Add(new Finding(FindingCode.Link, link.Id, default,
                $"There is no template `{ValueText.Shown(link.Template.Value)}` that could be read."));
            return;
        }

        CheckSlot(link, template.Principal.HasSlot, link.Principal, "?principal", findings);
        CheckSlot(link, template.Resource.HasSlot, link.Resource, "?resource", findings);
    }

    static void CheckSlot(TemplateLink link, bool hasSlot, EntityUid? uid, string slot, List<Finding> findings)
    {
        if (hasSlot == uid is not null) return;

        findings.Add(new Finding(FindingCode.Link, link.Id, default, hasSlot
            ? $"The template `{link.Template}` has the slot `{slot}`: give an entity for it."
            : $"The template `{link.Template}` has no slot `{slot}`: leave the entity out."));
    }

    static Finding TooMany(CedarLimits limits) =>
        new(FindingCode.Limit, null, default,
            $"A policy set may have {limits.Policies} policies, templates and links.");
}
