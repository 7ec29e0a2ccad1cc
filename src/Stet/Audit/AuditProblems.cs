namespace Stet.Audit;

/// <summary>Every reason the audit log gives for a refusal.</summary>
public static class AuditProblems
{
    public static Problem NotFound { get; } = new(
        "not_found", 404, "There is nothing here", "see `/openapi/v1.json` for what there is");

    public static Problem NoEpoch { get; } = NotFound with { Detail = "this log has no such epoch" };

    public static Problem NoTile { get; } = NotFound with { Detail = "no checkpoint implies this tile" };

    public static Problem NotCovered { get; } = new(
        "audit_tile_unknown", 404, "There is no such tile", "a tile exists as wide as a checkpoint implies; get `checkpoint` first");

    public static Problem EventUnknown { get; } = new(
        "audit_event_unknown", 404, "There is no such event", "name an event of this tenant's log by its id, a lower-case UUID");

    public static Problem SizeUnknown(long size, long newest) => new(
        "audit_size_unknown", 404, "No checkpoint covers that",
        $"{size} is beyond the newest checkpoint, which covers {newest}; get `checkpoint?min_position={size}` first");

    public static Problem NotWitnessed { get; } = new(
        "audit_not_witnessed", 404, "No witness has cosigned that yet", "try again after the next round, or without `witnessed`");

    public static Problem SigningRefused { get; } = new(
        "audit_signing_refused", 503, "The audit log signs nothing now",
        "it contradicts what was signed before, or signatures cannot be made or kept: whoever runs the service finds the reason in `/readyz` and the log; "
        + "or an epoch that ended has reserved this size, and the next event comes first")
    { RetryAfterSeconds = 60 };

    public static Problem TooManyExports { get; } = new(
        "too_many_exports", 429, "Too many exports at once", "two exports of this log are running: try again when one of them has ended")
    { RetryAfterSeconds = 10 };

    public static Problem Altered { get; } = new(
        "audit_altered", 500, "What is stored is not what was logged", "an event or leaf was changed behind the log's back; report it to whoever runs the service");

    public static Problem Moved(string origin) => new(
        "audit_log_moved", 410, "The log has begun anew", $"it goes on as `{origin}`; the `Link` header names its checkpoint");

    public static Problem EpochBegun { get; } = new(
        "audit_epoch_begun", 409, "The log has just begun anew", "try again: the key is for the new epoch then");

    public static Problem OverlapRunning(DateTimeOffset until) => new(
        "audit_overlap_running", 409, "Two keys sign already", $"the older one is retired at {until:yyyy-MM-ddTHH:mm:ssZ}; add the next one after that");
}
