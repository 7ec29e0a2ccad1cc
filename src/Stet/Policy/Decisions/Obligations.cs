using System.Collections.Immutable;
using Stet.Cedar;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.Decisions;

/// <summary>Something to do with a decision: an entry of the obligation catalogue.</summary>
/// <param name="Id">Its name in the catalogue.</param>
/// <param name="Type"><c>step-up</c>, <c>notification</c>, <c>session_termination</c> or <c>custom</c>.</param>
/// <param name="Properties">Canonical JSON (RFC 8785), an object.</param>
public sealed record Obligation(string Id, string Type, string Properties);

/// <summary>What annotations of determining policies ask for.</summary>
static class Obligations
{
    /// <summary>The annotation that binds the enforcement point.</summary>
    public const string Binding = "obligation";

    /// <summary>The annotation that it may ignore.</summary>
    public const string Advice = "advice";

    /// <summary>The entries that policies name, each once, in ordinal order of names.</summary>
    public static EquatableArray<Obligation> Of(PolicyInForce policy, ImmutableArray<PolicyId> determining, string annotation)
    {
        if (policy.Obligations.Types.Count == 0) return default;

        SortedDictionary<string, Obligation>? found = null;
        foreach (var id in determining)
        {
            if (!policy.Snapshot.TryGetPolicy(id, out var text) || text.FindAnnotation(annotation)?.Value is not { } names)
                continue;

            foreach (var name in ObligationCatalog.Names(names))
                if (policy.Obligations.TryGet(name, out var entry))
                    (found ??= new(StringComparer.Ordinal))[name] = new Obligation(name, entry.Type, entry.Properties);
        }

        return found is null ? default : new([.. found.Values]);
    }
}
