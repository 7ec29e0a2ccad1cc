using System.Collections.Immutable;

namespace Stet.Cedar;

/// <summary>
/// Policies, templates and links under ids of their own. Immutable; everything comes in the ordinal order of ids.
/// </summary>
public sealed partial class PolicySet
{
    PolicySet(ImmutableArray<Policy> policies, ImmutableArray<Policy> templates, ImmutableArray<TemplateLink> links)
    {
        Policies = policies;
        Templates = templates;
        Links = links;
        Active = Fill(policies, templates, links);
    }

    /// <summary>The policies without slots.</summary>
    public ImmutableArray<Policy> Policies { get; }

    /// <summary>The policies with slots. They take no part themselves.</summary>
    public ImmutableArray<Policy> Templates { get; }

    /// <summary>What fills the templates' slots.</summary>
    public ImmutableArray<TemplateLink> Links { get; }

    /// <summary>All that takes part in decisions: <see cref="Policies"/>, and the template of each link filled.</summary>
    public ImmutableArray<Policy> Active { get; }

    static ImmutableArray<Policy> Fill(
        ImmutableArray<Policy> policies, ImmutableArray<Policy> templates, ImmutableArray<TemplateLink> links)
    {
        if (links.IsEmpty) return policies;

        var byId = templates.ToDictionary(template => template.Id);
        var active = policies.ToBuilder();
        foreach (var link in links) active.Add(byId[link.Template].Fill(link));
        active.Sort((left, right) => left.Id.CompareTo(right.Id));
        return active.ToImmutable();
    }
}

/// <summary>One policy or template as text, under the id it gets.</summary>
public readonly record struct PolicyText(PolicyId Id, string Text);
