using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Enforcement;

/// <summary>A system's word on what it enforces.</summary>
public sealed record ReportHeartbeat(
    string SystemId, DateTimeOffset EnforcedCorrectionVersion, long? EnforcedPosition, DateTimeOffset? AppliedAt,
    StringSet Errors, Origin? Origin, long? Sequence)
{
    public static Decision Decide(
        ReportHeartbeat command, EnforcingSystem? system, TimeSpan clockSkew, DateTimeOffset now)
    {
        var future = new Validation()
            .Require(command.EnforcedCorrectionVersion - now <= clockSkew, "/enforced_correction_version", "lies in the future")
            .Require(command.AppliedAt is null || command.AppliedAt - now <= clockSkew, "/applied_at", "lies in the future")
            .Problem;
        if (future is not null) return Refuse(future);
        if (system?.RetiredAt is not null) return Refuse(EnforcementProblems.SystemRetired(command.SystemId));

        return Record(new HeartbeatReceived(
            command.SystemId, command.EnforcedCorrectionVersion, command.EnforcedPosition, command.AppliedAt,
            command.Errors, command.Origin, command.Sequence, now));
    }
}

/// <summary>The body of <c>POST /v1/enforcement/heartbeat</c>.</summary>
/// <param name="SystemId">Who reports: 1 to 200 characters, no slash and no control character.</param>
/// <param name="EnforcedCorrectionVersion">It enforces the corrections recorded up to this time; RFC 3339.</param>
/// <param name="EnforcedPosition">It enforces the corrections up to this position, which is not ahead of the log; it outranks the time.</param>
/// <param name="AppliedAt">When it applied them, RFC 3339.</param>
/// <param name="Errors">What went wrong there: at most 50 texts of 1 to 500 characters.</param>
/// <param name="Origin">Which program reports.</param>
/// <param name="Sequence">Its own count of heartbeats, from 0 to 9,007,199,254,740,991, which goes on when it restarts: a clock in milliseconds does. REGRESSED while lower than one before.</param>
public sealed record HeartbeatRequest(
    [property: StringLength(200, MinimumLength = 1)] string? SystemId, DateTimeOffset? EnforcedCorrectionVersion,
    [property: Range(0L, 9_007_199_254_740_991)] long? EnforcedPosition = null, DateTimeOffset? AppliedAt = null,
    StringSet? Errors = null, Origin? Origin = null, [property: Range(0L, 9_007_199_254_740_991)] long? Sequence = null)
{
    /// <exception cref="BadRequestException">Something is missing or out of its bounds.</exception>
    public ReportHeartbeat Read()
    {
        new Validation()
            .Require(SystemIds.IsValid(SystemId), "/system_id", SystemIds.Rule)
            .Require(EnforcedCorrectionVersion is not null, "/enforced_correction_version", "is required, an RFC 3339 time")
            .Count(EnforcedPosition, "/enforced_position")
            .Count(Sequence, "/sequence")
            .Texts(Errors, "/errors", most: 50, longest: 500)
            .OptionalText(Origin?.Service, "/origin/service", 200)
            .OptionalText(Origin?.Version, "/origin/version", 200)
            .OptionalText(Origin?.Environment, "/origin/environment", 200)
            .ThrowIfAny();

        return new ReportHeartbeat(
            SystemId!, EnforcedCorrectionVersion!.Value, EnforcedPosition, AppliedAt, Errors ?? StringSet.Empty, Origin, Sequence);
    }
}

/// <summary>The answer to a heartbeat.</summary>
/// <param name="Status">ok: the heartbeat is on record.</param>
/// <param name="Position">Its position in the tenant's log.</param>
public sealed record HeartbeatReceipt([property: AllowedValues("ok")] string Status, long Position);

public static class ReportHeartbeatEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/enforcement/heartbeat", Post).WithSummary("Report what a system enforces")
            .WithDescription("A system that is not registered becomes known by it; a retired one is refused.")
            .RequirePermission(Scopes.EnforcementWrite)
            .Accepts<HeartbeatRequest>("application/json").Produces<HeartbeatReceipt>(201).Produces<HeartbeatReceipt>().ProducesProblem(409)
            .WithExample("""{"system_id":"care-agent","enforced_correction_version":"2026-01-31T12:00:00Z","errors":[]}""");

    static async Task<IResult> Post(
        HttpContext http, CommandContext context, Commands commands, LogHeads heads, EnforcementOptions options)
    {
        var request = await RequestBody.ReadAsync(http, EnforcementHttpJson.Default.HeartbeatRequest);
        var command = request.Read();

        // A position that does not exist yet would make the system look current for as long as the log is behind it.
        if (command.EnforcedPosition is { } enforced && !await heads.ReachAsync(context.Caller.TenantId, enforced, context.Cancel))
        {
            return Problems.Answer(
                await commands.TenantAsync(context) is null ? RequestProblems.UnknownTenant : RequestProblems.Invalid("/enforced_position", "is ahead of the log"));
        }

        var recorded = await commands.DecideAsync(
            context, EnforcementModule.SystemOf(command.SystemId), context.IdempotencyKey,
            context.IdempotencyKey is null ? default : JsonAnswer.Serialize(command, EnforcementHttpJson.Default.ReportHeartbeat),
            (system, now) => ReportHeartbeat.Decide(command, system, options.ClockSkew, now));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var receipt = new HeartbeatReceipt("ok", recorded.Events[^1].Position);
        return JsonAnswer.Write(
            recorded.Repeated ? 200 : 201, receipt, EnforcementHttpJson.Default.HeartbeatReceipt, receipt.Position);
    }
}

/// <summary>How far the tenants' logs are known to reach.</summary>
public sealed class LogHeads(Store store)
{
    readonly System.Collections.Concurrent.ConcurrentDictionary<string, (int Generation, long Head)> reached = new(StringComparer.Ordinal);

    /// <summary>Whether a tenant's log has a position; asks the store only when this database was not seen to reach it.</summary>
    public async ValueTask<bool> ReachAsync(string tenantId, long position, CancellationToken cancel)
    {
        var generation = store.Generation;
        if (reached.TryGetValue(tenantId, out var known) && known.Generation == generation && position <= known.Head) return true;

        var head = await store.PositionAsync(tenantId, cancel);
        if (head > 0) reached[tenantId] = (generation, head);
        return position <= head;
    }
}
