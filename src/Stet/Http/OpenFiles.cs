using System.Globalization;
using Stet.Postgres;

namespace Stet.Http;

/// <summary>How many files and connections this process may have open at a time. A process that runs out of them dies.</summary>
static class OpenFiles
{
    const string Limits = "/proc/self/limits";
    const string Name = "Max open files";

    // For the connections to the database, libraries and files of the service's own.
    const int Reserved = 300;
    const int Least = 400;

    /// <summary>The limit of this process; null: there is none, or the system does not say.</summary>
    public static long? Limit { get; } = File.Exists(Limits) ? Parse(File.ReadLines(Limits)) : null;

    /// <summary>How many connections leave enough for the service itself; null: as many as come.</summary>
    public static long? MostConnections(long? limit) => limit - Reserved;

    /// <summary>Whether the limit leaves something for connections.</summary>
    public static CheckResult Check(long? limit) => limit < Least
        ? CheckResult.Failure("open files", $"only {limit} files may be open at a time: allow 1024 or more, as with `ulimit -n 1024`")
        : CheckResult.Ok("open files", limit is null ? "no limit is known" : $"{limit} may be open, {MostConnections(limit)} of them connections");

    /// <summary>The limit in force, from what Linux says of a process; null: none.</summary>
    internal static long? Parse(IEnumerable<string> limits)
    {
        var line = limits.FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal));
        var inForce = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(inForce, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
