using System.ComponentModel.DataAnnotations;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Pcs.Service;

/// <summary>Asks that documents of 0.1 have to be signed, or need not be.</summary>
public sealed record SetSignaturePolicy(string Policy)
{
    public static Decision Decide(SetSignaturePolicy command, PcsRegistry? registry, DateTimeOffset now) =>
        (registry ?? PcsRegistry.Empty).Policy == command.Policy ? Nothing : Record(new PcsSignaturePolicySet(command.Policy, now));
}

/// <summary>The body of <c>PUT /v1/pcs/signature-policy</c>.</summary>
/// <param name="Policy"><c>required</c>, or <c>none</c>: signatures of 0.1 are not looked at.</param>
public sealed record PolicyRequest([property: AllowedValues(PcsRegistry.Required, PcsRegistry.NoSignature)] string? Policy);

/// <summary>A tenant's signature policy.</summary>
/// <param name="Policy"><c>required</c> or <c>none</c>.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record PolicyAnswer([property: AllowedValues(PcsRegistry.Required, PcsRegistry.NoSignature)] string Policy, long Position);

public static class SignaturePolicyEndpoints
{
    const string Path = "/v1/pcs/signature-policy";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut(Path, Put).WithSummary("Set whether PCS documents of 0.1 have to be signed")
            .WithDescription("Documents of 1.0 always have to be.")
            .RequirePermission(Scopes.PcsAdmin)
            .Accepts<PolicyRequest>("application/json").Produces<PolicyAnswer>();
        routes.MapGet(Path, Get).WithSummary("Whether PCS documents of 0.1 have to be signed")
            .RequirePermission(Scopes.PcsRead).Produces<PolicyAnswer>().Produces(304)
            .WithQuery(MinPosition.Parameter);
    }

    static async Task<IResult> Put(HttpContext http, CommandContext context, PcsRegistration registration)
    {
        var request = await RequestBody.ReadAsync(http, PcsHttpJson.Default.PolicyRequest);
        new Validation()
            .Require(request.Policy is PcsRegistry.Required or PcsRegistry.NoSignature, "/policy", "must be `required` or `none`")
            .ThrowIfAny();

        var command = new SetSignaturePolicy(request.Policy!);
        var (registry, recorded) = await registration.DecideAsync(
            context, (before, now) => SetSignaturePolicy.Decide(command, before, now));
        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(
                200, new PolicyAnswer(registry.Policy, recorded.Position), PcsHttpJson.Default.PolicyAnswer, recorded.Position);
    }

    static async Task<IResult> Get(HttpContext http, Caller caller, Store store)
    {
        var (registry, position) = await PcsModule.RegistryAsync(http, caller, store);
        return JsonAnswer.Read(new PolicyAnswer(registry.Policy, position), PcsHttpJson.Default.PolicyAnswer, position);
    }
}
