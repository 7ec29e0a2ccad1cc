using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Pcs.Service;

/// <summary>Asks that documents be assessed by other parameters.</summary>
public sealed record SetParameters(PcsParameters Parameters)
{
    public static Decision Decide(SetParameters command, PcsRegistry? registry, DateTimeOffset now)
    {
        registry ??= PcsRegistry.Empty;
        return (registry.Parameters ?? PcsParameters.Default) == command.Parameters
            ? Nothing
            : Record(new PcsParametersSet(registry.ParameterVersion + 1, command.Parameters, now));
    }
}

/// <summary>The body of <c>PUT /v1/pcs/parameters</c>; a member that is missing has its default.</summary>
/// <param name="BudgetBase">Budget without any contribution, 0 to 1; 0.1.</param>
/// <param name="CompressibilityWeight">Weight of 1 - r, at least 0; 0.3.</param>
/// <param name="DHatWeight">Weight of D̂ above its threshold, at least 0; 0.5.</param>
/// <param name="CoherenceWeight">Weight of coh★, at least 0; 0.2.</param>
/// <param name="DHatThreshold">From which on D̂ costs budget, at least 0; 2.2.</param>
/// <param name="StickyCohStar">Least coh★ of the sticky regime, at least 0; 0.7.</param>
/// <param name="StickyDHat">Greatest D̂ of the sticky regime, less than the next; 1.5.</param>
/// <param name="NonStickyDHat">Least D̂ of the non-sticky regime; 2.6.</param>
/// <param name="DHatTolerance">How far a claimed D̂ may be off, 0 to 1; 0.15.</param>
/// <param name="CohStarTolerance">How far coh★ may be above 1, 0 to 1; 0.05.</param>
/// <param name="BudgetTolerance">How far a claimed budget may be off, 0 to 1; 0.01.</param>
/// <param name="MaxAgeSeconds">How old a document of 1.0 may be, up to 366 days; 600.</param>
/// <param name="MaxOutboxAgeSeconds">How old one from an outbox may be; 1,209,600.</param>
/// <param name="MaxAheadSeconds">How far ahead a sender's clock may be; 600.</param>
/// <param name="AnswerLifetimeSeconds">
/// For how long the first answer is given again to the same content, 1 hour to 366 days; the service's setting, usually 14 days.
/// </param>
public sealed record ParametersRequest(
    double? BudgetBase = null, double? CompressibilityWeight = null, double? DHatWeight = null,
    double? CoherenceWeight = null, double? DHatThreshold = null, double? StickyCohStar = null, double? StickyDHat = null,
    double? NonStickyDHat = null, double? DHatTolerance = null, double? CohStarTolerance = null,
    double? BudgetTolerance = null, [property: Range(1, 31_622_400)] long? MaxAgeSeconds = null,
    [property: Range(1, 31_622_400)] long? MaxOutboxAgeSeconds = null, [property: Range(1, 31_622_400)] long? MaxAheadSeconds = null,
    [property: Range(3_600, 31_622_400)] long? AnswerLifetimeSeconds = null)
{
    const long HourSeconds = 60 * 60;
    const long LongestSeconds = 366 * 24 * HourSeconds;

    /// <exception cref="BadRequestException">Something is out of its bounds.</exception>
    public PcsParameters Read()
    {
        var validation = new Validation();
        TimeSpan? Span(long? seconds, string pointer, long least)
        {
            var isWithin = seconds is null || (seconds >= least && seconds <= LongestSeconds);
            validation.Require(isWithin, pointer, $"must be from {least} to {LongestSeconds}");
            return seconds is { } s && isWithin ? TimeSpan.FromSeconds(s) : null;
        }

        var usual = PcsParameters.Default;
        var parameters = new PcsParameters
        {
            BudgetBase = BudgetBase ?? usual.BudgetBase,
            CompressibilityWeight = CompressibilityWeight ?? usual.CompressibilityWeight,
            DHatWeight = DHatWeight ?? usual.DHatWeight,
            CoherenceWeight = CoherenceWeight ?? usual.CoherenceWeight,
            DHatThreshold = DHatThreshold ?? usual.DHatThreshold,
            StickyCohStar = StickyCohStar ?? usual.StickyCohStar,
            StickyDHat = StickyDHat ?? usual.StickyDHat,
            NonStickyDHat = NonStickyDHat ?? usual.NonStickyDHat,
            DHatTolerance = DHatTolerance ?? usual.DHatTolerance,
            CohStarTolerance = CohStarTolerance ?? usual.CohStarTolerance,
            BudgetTolerance = BudgetTolerance ?? usual.BudgetTolerance,
            MaxAge = Span(MaxAgeSeconds, "/max_age_seconds", least: 1) ?? usual.MaxAge,
            MaxAgeFromOutbox = Span(MaxOutboxAgeSeconds, "/max_outbox_age_seconds", least: 1) ?? usual.MaxAgeFromOutbox,
            MaxAhead = Span(MaxAheadSeconds, "/max_ahead_seconds", least: 1) ?? usual.MaxAhead,
            AnswerLifetime = Span(AnswerLifetimeSeconds, "/answer_lifetime_seconds", HourSeconds),
        };
        foreach (var (member, problem) in parameters.Problems())
            validation.Require(false, $"/{JsonNamingPolicy.SnakeCaseLower.ConvertName(member)}", problem);

        validation.ThrowIfAny();
        return parameters;
    }
}

/// <summary>How a tenant's documents are assessed.</summary>
/// <param name="Version">Counts the tenant's parameters; 0: the defaults.</param>
/// <param name="Parameters">Those in force, none of them null.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record ParametersAnswer(long Version, ParametersRequest Parameters, long Position)
{
    public static ParametersAnswer Of(PcsRegistry registry, PcsOptions options, long position)
    {
        var p = registry.Parameters ?? PcsParameters.Default;
        return new ParametersAnswer(
            registry.ParameterVersion,
            new ParametersRequest(
                p.BudgetBase, p.CompressibilityWeight, p.DHatWeight, p.CoherenceWeight, p.DHatThreshold, p.StickyCohStar,
                p.StickyDHat, p.NonStickyDHat, p.DHatTolerance, p.CohStarTolerance, p.BudgetTolerance,
                (long)p.MaxAge.TotalSeconds, (long)p.MaxAgeFromOutbox.TotalSeconds, (long)p.MaxAhead.TotalSeconds,
                (long)(p.AnswerLifetime ?? options.AnswerLifetime).TotalSeconds),
            position);
    }
}

public static class ParametersEndpoints
{
    const string Path = "/v1/pcs/parameters";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(Path, Put).WithSummary("Set how PCS documents are assessed")
            .WithDescription("Replaces all parameters: what is left out takes its default. The body has the members of `parameters` in the answer. "
                + "They hold for documents received from then on.")
            .RequirePermission(Scopes.PcsAdmin)
            .Accepts<ParametersRequest>("application/json").Produces<ParametersAnswer>();
        routes.MapGet(Path, Get).WithSummary("How PCS documents are assessed")
            .RequirePermission(Scopes.PcsRead).Produces<ParametersAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
    }

    static async Task<IResult> Put(HttpContext http, CommandContext context, PcsRegistration registration, PcsOptions options)
    {
        var request = await RequestBody.ReadAsync(http, PcsHttpJson.Default.ParametersRequest);
        var command = new SetParameters(request.Read());
        var (registry, recorded) = await registration.DecideAsync(
            context, (before, now) => SetParameters.Decide(command, before, now));
        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(
                200, ParametersAnswer.Of(registry, options, recorded.Position), PcsHttpJson.Default.ParametersAnswer, recorded.Position);
    }

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store, PcsOptions options)
    {
        var (registry, position) = await PcsModule.RegistryAsync(http, caller, store);
        return JsonAnswer.Read(ParametersAnswer.Of(registry, options, position), PcsHttpJson.Default.ParametersAnswer, position);
    }
}
