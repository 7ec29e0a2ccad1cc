using System.ComponentModel.DataAnnotations;
using Npgsql;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Enforcement;

/// <summary>What a tenant expects of systems that have no settings of their own; null: what the service expects.</summary>
/// <param name="IntervalSeconds">They report this often, 1 to 604,800 seconds.</param>
/// <param name="GraceMultiplier">They are late after this many intervals, 1 to 100.</param>
public sealed record TenantDefaults(int? IntervalSeconds, decimal? GraceMultiplier)
{
    /// <summary>The tenant has said nothing.</summary>
    public static TenantDefaults None { get; } = new(null, null);

    public static TenantDefaults Create(EnforcementDefaultsSet e) => new(e.IntervalSeconds, e.GraceMultiplier);

    public TenantDefaults Apply(EnforcementDefaultsSet e) => Create(e);
}

/// <summary>What holds for systems without settings: the tenant's word, else the service's.</summary>
/// <param name="IntervalSeconds">They report this often.</param>
/// <param name="GraceMultiplier">They are late after this many intervals.</param>
public readonly record struct Expectation(int IntervalSeconds, decimal GraceMultiplier)
{
    public static Expectation Of(TenantDefaults tenant, EnforcementOptions service) =>
        new(tenant.IntervalSeconds ?? service.IntervalSeconds, tenant.GraceMultiplier ?? service.GraceMultiplier);
}

/// <summary>Asks that other defaults hold for a tenant's systems.</summary>
public sealed record SetDefaults(int? IntervalSeconds, decimal? GraceMultiplier)
{
    public static Decision Decide(SetDefaults command, TenantDefaults? before, DateTimeOffset now) =>
        new TenantDefaults(command.IntervalSeconds, command.GraceMultiplier) == (before ?? TenantDefaults.None)
            ? Nothing
            : Record(new EnforcementDefaultsSet(command.IntervalSeconds, command.GraceMultiplier, now));
}

/// <summary>The body of <c>PUT /v1/enforcement/defaults</c>.</summary>
/// <param name="IntervalSeconds">1 to 604,800 seconds; null: the service's default.</param>
/// <param name="GraceMultiplier">1 to 100; null: the service's default.</param>
public sealed record DefaultsRequest(
    [property: Range(1, 604_800)] int? IntervalSeconds = null, [property: Range(1, 100)] decimal? GraceMultiplier = null);

/// <summary>What holds for systems without settings of their own.</summary>
/// <param name="IntervalSeconds">They report this often.</param>
/// <param name="GraceMultiplier">They are late after this many intervals.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record DefaultsAnswer(int IntervalSeconds, decimal GraceMultiplier, long Position);

public static class DefaultsEndpoints
{
    const string Path = "/v1/enforcement/defaults";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(Path, Put).WithSummary("Set what is expected of systems without settings")
            .RequirePermission(Scopes.EnforcementWrite)
            .Accepts<DefaultsRequest>("application/json").Produces<DefaultsAnswer>();
        routes.MapGet(Path, Get).WithSummary("What is expected of systems without settings")
            .RequirePermission(Scopes.EnforcementRead).Produces<DefaultsAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
    }

    static async Task<IResult> Put(HttpContext http, CommandContext context, Commands commands, EnforcementOptions options)
    {
        var request = await RequestBody.ReadAsync(http, EnforcementHttpJson.Default.DefaultsRequest);
        new Validation().Interval(request.IntervalSeconds).Grace(request.GraceMultiplier).ThrowIfAny();

        var command = new SetDefaults(request.IntervalSeconds, request.GraceMultiplier);
        var recorded = await commands.DecideAsync(
            context, EnforcementModule.DefaultsStream, key: null, payload: default,
            (before, now) => SetDefaults.Decide(command, before, now));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var now = Expectation.Of(new TenantDefaults(command.IntervalSeconds, command.GraceMultiplier), options);
        return JsonAnswer.Write(
            200, new DefaultsAnswer(now.IntervalSeconds, now.GraceMultiplier, recorded.Position),
            EnforcementHttpJson.Default.DefaultsAnswer, recorded.Position);
    }

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store, EnforcementOptions options)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var (defaults, position) = await store.QueryAsync(
            caller.TenantId, "select state from stet.enforcement_defaults where tenant_id = $1", [Scalar(caller.TenantId)],
            ReadAsync, http.RequestAborted);
        var now = Expectation.Of(defaults, options);
        return JsonAnswer.Read(
            new DefaultsAnswer(now.IntervalSeconds, now.GraceMultiplier, position),
            EnforcementHttpJson.Default.DefaultsAnswer, position);
    }

    static async Task<(TenantDefaults Defaults, long Position)> ReadAsync(NpgsqlDataReader row, long position, CancellationToken cancel) =>
        (await row.ReadAsync(cancel) ? EnforcementModule.ReadDefaults(row, 0) : TenantDefaults.None, position);
}

static class DefaultsValidation
{
    public static Validation Interval(this Validation validation, int? seconds) =>
        validation.Require(seconds is null or (>= 1 and <= 604_800), "/interval_seconds", "must be from 1 to 604800");

    public static Validation Grace(this Validation validation, decimal? multiplier) =>
        validation.Require(
            multiplier is null or (>= 1 and <= 100) && decimal.Round(multiplier ?? 1, 3) == (multiplier ?? 1), "/grace_multiplier",
            "must be from 1 to 100, with 3 decimals at most");
}
