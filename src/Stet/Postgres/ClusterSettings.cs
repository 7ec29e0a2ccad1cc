using System.Text;

namespace Stet.Postgres;

/// <summary>The settings of the private cluster, from the size of the machine.</summary>
public static class ClusterSettings
{
    const long MiB = 1 << 20;

    /// <summary>What makes an acknowledged write durable. Given on the command line, where no file overrules it.</summary>
    public static IReadOnlyList<(string Name, string Value)> Durability { get; } =
        [("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")];

    /// <summary>The settings for a machine, in the order they are written.</summary>
    /// <param name="memory">Bytes of memory that the machine or container has.</param>
    /// <param name="lz4">Whether this PostgreSQL was built with LZ4.</param>
    public static IReadOnlyList<(string Name, string Value)> For(long memory, bool lz4) =>
    [
        ("listen_addresses", ""),
        ("max_connections", "100"),

        ("shared_buffers", Size(Math.Clamp(memory / 4, 128 * MiB, 2048 * MiB))),
        ("huge_pages", "try"),
        ("effective_cache_size", Size(Math.Max(memory / 2, 256 * MiB))),
        ("work_mem", "8MB"),
        ("maintenance_work_mem", Size(Math.Clamp(memory / 16, 64 * MiB, 512 * MiB))),

        // Keys arrive in random order: after a checkpoint every touched page is logged whole, so checkpoints are rare,
        // spread out, and the page images compressed.
        ("max_wal_size", "4GB"),

        // A WAL file that has to be made stops every commit while its 16 MB are written. Old ones are there for the first
        // rush after quiet hours.
        ("min_wal_size", "1GB"),
        ("checkpoint_timeout", "15min"),
        ("wal_compression", lz4 ? "lz4" : "on"),
        ("wal_buffers", "16MB"),

        ("random_page_cost", "1.1"),
        ("jit", "off"),

        // Tables that only grow still need their visibility map, in small and early bites.
        ("autovacuum_naptime", "15s"),
        ("autovacuum_vacuum_scale_factor", "0.05"),
        ("autovacuum_vacuum_insert_scale_factor", "0.05"),
        ("autovacuum_vacuum_cost_limit", "1000"),

        // No plan hangs on fine statistics, and each sample of a growing log is read beside its commits: 3,000 rows.
        ("autovacuum_analyze_scale_factor", "0.1"),
        ("default_statistics_target", "10"),

        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("log_line_prefix", "%m [%p] "),
        ("log_checkpoints", "off"),

        // The detail of an error quotes rows, which may hold personal data.
        ("log_error_verbosity", "terse"),
    ];

    /// <summary>The settings as a configuration file that lets the operator's own file have the last word.</summary>
    public static string ToFile(IEnumerable<(string Name, string Value)> settings, string ownFile)
    {
        var text = new StringBuilder()
            .Append("# Written by Stet at every start. Your own settings go to ").Append(ownFile).Append(", which wins.\n\n");

        foreach (var (name, value) in settings)
            text.Append(name).Append(" = ").Append(Quoted(value)).Append('\n');

        return text.Append("\ninclude_if_exists ").Append(Quoted(ownFile)).Append('\n').ToString();
    }

    static string Quoted(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    static string Size(long bytes) => $"{bytes / MiB}MB";
}
