namespace Stet.Policy.Catalog;

/// <summary>
/// The ready-made rules for AI agents: tool permissions, approvals, working hours, data classification and residency,
/// egress, with a schema and tests. Files to start from, not rules that apply by themselves.
/// </summary>
static class AgentCatalog
{
    const string Prefix = "Catalog/Agents/";

    /// <summary>The paths of its files, such as <c>tests/tools.json</c>, in ordinal order.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        .. typeof(AgentCatalog).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Writes all files, and the folders they need. Files that are there already are never overwritten.</summary>
    /// <param name="folder">Where to; made if it is not there.</param>
    /// <returns>The paths written.</returns>
    /// <exception cref="IOException">One of the files is there already, before any was written; or the disk says no.</exception>
    public static IReadOnlyList<string> WriteTo(string folder)
    {
        string[] paths = [.. Files.Select(file => Path.Combine(folder, file))];
        if (Array.Find(paths, Path.Exists) is { } taken) throw new IOException($"`{taken}` is there already: name another folder.");

        for (var i = 0; i < paths.Length; i++)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(paths[i])!);
            using var content = Open(Files[i]);
            using var file = new FileStream(paths[i], FileMode.CreateNew);
            content.CopyTo(file);
        }

        return paths;
    }

    static Stream Open(string file) => typeof(AgentCatalog).Assembly.GetManifestResourceStream(Prefix + file)!;
}
