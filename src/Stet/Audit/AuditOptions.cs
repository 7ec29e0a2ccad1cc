using System.ComponentModel.DataAnnotations;

namespace Stet.Audit;

/// <summary>How the audit log is kept: section <c>Audit</c> of the configuration.</summary>
public sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>The host that outsiders know the service by: the first part of the origin of logs made from now on.</summary>
    /// <value>A host name with an optional port and no scheme. Default <c>localhost</c>.</value>
    [Required, RegularExpression(@"[A-Za-z0-9.\-\[\]:]{1,253}", ErrorMessage = "must be a host with an optional port and no scheme, such as stet.example.")]
    public string PublicHost { get; set; } = "localhost";

    /// <summary>Where key file and state file are kept; other storage than the database's is better.</summary>
    /// <value>A folder. Default: the data folder.</value>
    [Required]
    public string Folder { get; set; } = ".stet";

    /// <summary>
    /// The installation keys that wrap the keys of tenants, or <c>STET_KEK</c>: the first wraps, all unwrap.
    /// </summary>
    /// <value>Base64 of 32 bytes each, separated by commas. Default: the file <c>kek</c> in the folder, made at first start.</value>
    public string? Kek { get; set; }

    /// <summary>How long an old signing key signs beside the one that takes its place.</summary>
    /// <value>1 hour to 365 days. Default 30 days.</value>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan KeyOverlap { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// The tenants whose logs anybody may read, without a credential, and caches may keep: checkpoints, tiles and proofs.
    /// Evidence and export, which carry payloads, stay closed.
    /// </summary>
    /// <value>Lower-case UUIDs, separated by commas. Default: none.</value>
    [RegularExpression(
        "[ ,]*(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} *(?:,[ ,]*|$))*",
        ErrorMessage = "must be lower-case UUIDs of tenants, separated by commas, such as 22222222-2222-4222-8222-222222222222.")]
    public string? PublicLogs { get; set; }

    /// <summary>The key file.</summary>
    internal string KeyFile => Path.Combine(Folder, "kek");

    /// <summary>The file of the newest signed note of every log.</summary>
    internal string StateFile => Path.Combine(Folder, "audit-state");
}
