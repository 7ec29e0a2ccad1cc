using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Enforcement;

/// <summary>Asks that a system be expected to report, with exactly these settings.</summary>
public sealed record RegisterSystem(string SystemId, SystemSettings Settings)
{
    public static Decision Decide(RegisterSystem command, EnforcingSystem? system, DateTimeOffset now)
    {
        if (system is null or { Settings: null } or { RetiredAt: not null })
            return Record(new SystemRegistered(command.SystemId, command.Settings, now));

        return system.Settings == command.Settings
            ? Nothing
            : Record(new SystemChanged(command.SystemId, command.Settings, now));
    }
}

/// <summary>The body of <c>PUT /v1/enforcement/systems/{system_id}</c>; a member that is missing has its default.</summary>
/// <param name="IntervalSeconds">The system reports this often, 1 to 604,800 seconds; null: the tenant's default.</param>
/// <param name="GraceMultiplier">It is late after this many intervals, 1 to 100; null: the tenant's default.</param>
/// <param name="Scope">Fields it enforces: field keys, or prefixes that end in <c>.*</c>; empty or null: all.</param>
/// <param name="Allowance">How far it may lag behind before it escalates; null: not at all.</param>
/// <param name="Owner">Whom to ask about it, at most 200 characters.</param>
/// <param name="MutedUntil">It does not escalate until then, RFC 3339; null: it does.</param>
/// <param name="MutedReason">Why, 1 to 500 characters; needed with <paramref name="MutedUntil"/>, refused without.</param>
public sealed record SystemRequest(
    [property: Range(1, 604_800)] int? IntervalSeconds = null, [property: Range(1, 100)] decimal? GraceMultiplier = null,
    StringSet? Scope = null, LagAllowance? Allowance = null,
    [property: StringLength(200)] string? Owner = null, DateTimeOffset? MutedUntil = null,
    [property: StringLength(500, MinimumLength = 1)] string? MutedReason = null)
{
    /// <exception cref="BadRequestException">Something is out of its bounds.</exception>
    public SystemSettings Read()
    {
        new Validation()
            .Interval(IntervalSeconds)
            .Grace(GraceMultiplier)
            .Texts(Scope, "/scope").Listable(Scope ?? StringSet.Empty, "/scope")
            .Require(Scope is null || Scope.All(IsPattern), "/scope", "holds field keys, or prefixes of them that end in `.*`")
            .Require(Allowance?.Corrections is null or (>= 0 and < Lag.Examined), "/allowance/corrections", "must be from 0 to 999")
            .Require(Allowance?.Seconds is null or (>= 0 and <= 31_536_000), "/allowance/seconds", "must be from 0 to 31536000")
            .Require(Allowance is not { Corrections: null, Seconds: null }, "/allowance", "needs corrections, seconds or both")
            .OptionalText(Owner, "/owner", 200)
            .OptionalText(MutedReason, "/muted_reason")
            .Require(MutedUntil is null == string.IsNullOrEmpty(MutedReason), "/muted_reason", "is needed with muted_until and refused without")
            .ThrowIfAny();

        return new SystemSettings(
            IntervalSeconds, GraceMultiplier, Scope ?? StringSet.Empty, Allowance, Owner, MutedUntil,
            MutedUntil is null ? null : MutedReason);
    }

    static bool IsPattern(string text) =>
        !text.Contains('*') || (text.Length > 2 && text.IndexOf('*') == text.Length - 1 && text[^2] == '.');
}

public static class RegisterSystemEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/v1/enforcement/systems/{system_id}", Put).WithSummary("Expect a system to report")
            .WithDescription("Registers it or replaces its settings; repeating it changes nothing.")
            .RequirePermission(Scopes.EnforcementWrite)
            .Accepts<SystemRequest>("application/json").Produces<SystemAnswer>(201).Produces<SystemAnswer>().WithAnswerHeader("Location", 201);

    static async Task<IResult> Put(string system_id, HttpContext http, CommandContext context, Commands commands)
    {
        SystemIds.Check(system_id, "system_id");
        var request = await RequestBody.ReadAsync(http, EnforcementHttpJson.Default.SystemRequest);
        var command = new RegisterSystem(system_id, request.Read());

        var (recorded, system) = await commands.DecideWithStateAsync(
            context, EnforcementModule.SystemOf(system_id), key: null, payload: default,
            (before, now) => RegisterSystem.Decide(command, before, now));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var status = recorded.Events is [{ Data: SystemRegistered }] ? 201 : 200;
        return JsonAnswer.Write(
            status, SystemAnswer.Of(system!), EnforcementHttpJson.Default.SystemAnswer, recorded.Position,
            status == 201 ? $"/v1/enforcement/systems/{Uri.EscapeDataString(system_id)}" : null);
    }
}
