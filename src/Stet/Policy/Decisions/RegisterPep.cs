using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Decisions;

/// <summary>Says how an enforcement point is answered.</summary>
public sealed record RegisterPep(string PepId, bool Explain, StringSet Obligations, StringSet Drafts)
{
    /// <summary>Enforcement points that a tenant may register.</summary>
    public const int MostPeps = 1_000;

    public static Decision Decide(RegisterPep command, PepRegistry? registry, string actor, DateTimeOffset now)
    {
        registry ??= PepRegistry.Empty;
        var before = registry.Find(command.PepId);
        if (before is null && registry.Peps.Count >= MostPeps) return Refuse(TooMany);

        var registered = new PepRegistered(command.PepId, command.Explain, command.Obligations, command.Drafts, actor, now);
        return before is not null && RegisteredPep.Create(registered) with { RegisteredAt = before.RegisteredAt } == before
            ? Nothing
            : Record(registered);
    }

    internal static Problem TooMany { get; } = new(
        "too_many_peps", 409, "A tenant has an end to its enforcement points", $"a tenant may register {MostPeps} enforcement points");

    internal static Problem NotFound(string pepId) => new(
        "pep_not_found", 404, "Nothing was said about this enforcement point", $"`{pepId}` is not registered, and is answered by the defaults");
}

/// <summary>The body of <c>PUT /v1/policy/peps/{pep_id}</c>; a member that is missing has its default.</summary>
/// <param name="Explain">Whether every answer says why; false.</param>
/// <param name="SupportedObligations">Types of obligations it can do; they count while the draft <c>obligations</c> is on. None.</param>
/// <param name="Drafts">Drafts of AuthZEN that are on for it, of <c>obligations</c> and <c>access_request</c>; none.</param>
public sealed record PepRequest(bool? Explain = null, StringSet? SupportedObligations = null, StringSet? Drafts = null)
{
    /// <exception cref="BadRequestException">Something is out of its bounds.</exception>
    public RegisterPep Read(string pepId)
    {
        new Validation()
            .Texts(SupportedObligations, "/supported_obligations")
            .Require(
                Drafts is null || Drafts.All(d => d is RegisteredPep.ObligationsDraft or RegisteredPep.AccessRequestDraft), "/drafts",
                $"holds {RegisteredPep.ObligationsDraft} and {RegisteredPep.AccessRequestDraft} at most")
            .ThrowIfAny();
        return new RegisterPep(pepId, Explain ?? false, SupportedObligations ?? StringSet.Empty, Drafts ?? StringSet.Empty);
    }
}

/// <summary>How an enforcement point is answered.</summary>
/// <param name="PepId">Subject of its credential.</param>
/// <param name="Explain">Whether every answer says why.</param>
/// <param name="SupportedObligations">Types of obligations it can do.</param>
/// <param name="Drafts">Drafts of AuthZEN that are on for it.</param>
/// <param name="RegisteredAt">When this was said; null when it was said before.</param>
public sealed record PepAnswer(
    string PepId, bool Explain, StringSet SupportedObligations, StringSet Drafts, DateTimeOffset? RegisteredAt)
{
    public static PepAnswer Of(RegisteredPep pep) => new(pep.PepId, pep.Explain, pep.Obligations, pep.Drafts, pep.RegisteredAt);
}

/// <summary>All that is said about enforcement points.</summary>
/// <param name="Peps">In the order in which they were first registered.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record PepsAnswer(IReadOnlyList<PepAnswer> Peps, long Position);

static class PepEndpoints
{
    const string Path = "/v1/policy/peps";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(Path + "/{pep_id}", Put).WithSummary("Say how an enforcement point is answered")
            .WithDescription("It is named by the subject of its credential. Repeating it changes nothing.")
            .RequirePermission(Scopes.PolicyAdmin)
            .Accepts<PepRequest>("application/json").Produces<PepAnswer>().ProducesProblem(409);
        routes.MapGet(Path + "/{pep_id}", Get).WithSummary("How an enforcement point is answered")
            .RequirePermission(Scopes.PolicyRead).Produces<PepAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
        routes.MapGet(Path, List).WithSummary("How enforcement points are answered")
            .RequirePermission(Scopes.PolicyRead).Produces<PepsAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
    }

    static async Task<IResult> Put(string pep_id, HttpContext http, CommandContext context, Commands commands)
    {
        if (!Caller.IsSubject(pep_id)) throw RequestQuery.Bad("pep_id", "has 1 to 255 characters, none of them a control character");
        var command = (await RequestBody.ReadAsync(http, DecisionHttpJson.Default.PepRequest)).Read(pep_id);
        var recorded = await commands.DecideAsync(
            context, PepSettings.Stream, key: null, payload: default,
            (registry, now) => RegisterPep.Decide(command, registry, context.Caller.Subject, now));
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var at = recorded.Events is [{ Data: PepRegistered e }] ? e.RegisteredAt : (DateTimeOffset?)null;
        return JsonAnswer.Write(
            200, new PepAnswer(pep_id, command.Explain, command.Obligations, command.Drafts, at), DecisionHttpJson.Default.PepAnswer,
            recorded.Position);
    }

    static async Task<IResult> Get(string pep_id, HttpContext http, Caller caller, Store store, PepSettings settings)
    {
        var (registry, position) = await ReadAsync(http, caller, store, settings);
        return registry.Find(pep_id) is { } pep
            ? JsonAnswer.Read(PepAnswer.Of(pep), DecisionHttpJson.Default.PepAnswer, position)
            : Problems.Answer(RegisterPep.NotFound(pep_id));
    }

    static async Task<IResult> List(HttpContext http, Caller caller, Store store, PepSettings settings)
    {
        var (registry, position) = await ReadAsync(http, caller, store, settings);
        return JsonAnswer.Read(
            new PepsAnswer([.. registry.Peps.Select(PepAnswer.Of)], position), DecisionHttpJson.Default.PepsAnswer, position);
    }

    static async Task<(PepRegistry Registry, long Position)> ReadAsync(HttpContext http, Caller caller, Store store, PepSettings settings)
    {
        await MinPosition.WaitAsync(http, caller.TenantId);
        var position = await store.PositionAsync(caller.TenantId, http.RequestAborted);
        return await store.FindTenantAsync(caller.TenantId, http.RequestAborted) is { } tenant
            ? ((await settings.RefreshAsync(tenant, http.RequestAborted)).Registry, position)
            : (PepRegistry.Empty, position);
    }
}
