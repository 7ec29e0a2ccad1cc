using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Pcs.Service;

/// <summary>Asks that a key sign nothing any more.</summary>
public sealed record RevokeKey(string Kid)
{
    public static Decision Decide(RevokeKey command, PcsRegistry? registry, DateTimeOffset now) =>
        registry?.Key(command.Kid) switch
        {
            null => Refuse(PcsProblems.KeyNotFound(command.Kid)),
            { RevokedAt: not null } => Nothing,
            _ => Record(new PcsKeyRevoked(command.Kid, now)),
        };
}

public static class KeysEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapDelete("/v1/pcs/keys/{kid}", Delete).WithSummary("Revoke a key that signs PCS documents")
            .WithDescription("It verifies nothing from then on; verdicts stay as they are, and its name stays taken.")
            .RequirePermission(Scopes.PcsAdmin).Produces<KeyAnswer>().ProducesProblem(404);
        routes.MapGet("/v1/pcs/keys", List).WithSummary("The keys that sign PCS documents")
            .RequirePermission(Scopes.PcsRead).Produces<KeysAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
        routes.MapGet("/v1/pcs/keys/{kid}", Get).WithSummary("A key that signs PCS documents")
            .RequirePermission(Scopes.PcsRead).Produces<KeyAnswer>().Produces(304).ProducesProblem(404)
            .WithQuery(MinPosition.Parameter);
    }

    static Task<IResult> Delete(string kid, CommandContext context, PcsRegistration registration) =>
        registration.RevokeAsync(context, new RevokeKey(kid));

    static async Task<IResult> List(HttpContext http, Caller caller, Store store, TimeProvider clock)
    {
        var (registry, position) = await PcsModule.RegistryAsync(http, caller, store);
        var now = clock.GetUtcNow();
        return JsonAnswer.Read(
            new KeysAnswer([.. registry.Keys.Select(k => KeyAnswer.Of(k, now))], position), PcsHttpJson.Default.KeysAnswer, position);
    }

    static async Task<IResult> Get(string kid, HttpContext http, Caller caller, Store store, TimeProvider clock)
    {
        var (registry, position) = await PcsModule.RegistryAsync(http, caller, store);
        return registry.Key(kid) is { } key
            ? JsonAnswer.Read(KeyAnswer.Of(key, clock.GetUtcNow()), PcsHttpJson.Default.KeyAnswer, position)
            : Problems.Answer(PcsProblems.KeyNotFound(kid));
    }
}
