using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>Puts things behind what they depend on, without recursion: chains may be long.</summary>
static class DependencyOrder
{
    /// <param name="nodes">All things, each once.</param>
    /// <param name="dependencies">What each depends on: things among the nodes.</param>
    /// <param name="ordered">Every thing behind all that it depends on.</param>
    /// <param name="cycle">When there is no such order: things of which each depends on the next, and the last on the
    /// first.</param>
    public static bool TryFind<T>(
        IReadOnlyCollection<T> nodes, Func<T, IEnumerable<T>> dependencies,
        [NotNullWhen(true)] out List<T>? ordered, [NotNullWhen(false)] out List<T>? cycle) where T : notnull
    {
        var waiting = nodes.ToDictionary(node => node, _ => 0);
        var dependents = new Dictionary<T, List<T>>();

        foreach (var node in nodes)
        {
            foreach (var dependency in dependencies(node))
            {
                waiting[node]++;
                if (!dependents.TryGetValue(dependency, out var its)) dependents.Add(dependency, its = []);
                its.Add(node);
            }
        }

        ordered = [.. nodes.Where(node => waiting[node] == 0)];
        for (var i = 0; i < ordered.Count; i++)
        {
            if (!dependents.TryGetValue(ordered[i], out var its)) continue;
            foreach (var dependent in its)
                if (--waiting[dependent] == 0) ordered.Add(dependent);
        }

        if (ordered.Count == nodes.Count)
        {
            cycle = null;
            return true;
        }

        cycle = FindCycle(nodes.First(node => waiting[node] > 0), node => dependencies(node).First(next => waiting[next] > 0));
        ordered = null;
        return false;
    }

    /// <summary>Follows the dependencies that are stuck as well until they come round.</summary>
    static List<T> FindCycle<T>(T start, Func<T, T> next) where T : notnull
    {
        var path = new List<T>();
        var places = new Dictionary<T, int>();

        var node = start;
        while (places.TryAdd(node, path.Count))
        {
            path.Add(node);
            node = next(node);
        }

        return path[places[node]..];
    }
}
