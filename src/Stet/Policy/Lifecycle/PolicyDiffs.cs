using System.Security.Cryptography;
using System.Text;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Policy.Lifecycle;

/// <summary>Dry runs of candidates over recorded decisions.</summary>
sealed class PolicyDiffs(Store store)
{
    public async Task<DiffPolicy> RunAsync(string tenantId, string candidate, CancellationToken cancel)
    {
        var (life, position) = await PolicyModule.LifeAsync(store, tenantId, cancel);
        var current = life.InForce(DateTimeOffset.MaxValue);
        var baseline = current is null ? null : new PolicyBaseline(current.Candidate, current.PolicySetDigest, current.SchemaDigest);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{candidate}{baseline}{position}")));
        return new DiffPolicy(candidate, digest, 1, position, baseline, DiffCounts.None);
    }

    public async Task<(DiffTail Tail, Problem? Problem)> TailAsync(string tenantId, ActivatePolicy command, CancellationToken cancel) =>
        (new DiffTail(await store.PositionAsync(tenantId, cancel), 0, DiffCounts.None, null), null);
}

public sealed record DiffRequest(long? From, long? To);

static class DiffPolicyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/candidates/{candidate}/diff", Post).RequirePermission(Scopes.PolicyAuthor);

    static async Task<IResult> Post(string candidate, HttpContext http, CommandContext context, PolicySteps steps, PolicyDiffs diffs)
    {
        var command = await diffs.RunAsync(context.Caller.TenantId, candidate, context.Cancel);
        return await steps.TakeAsync(
            context, candidate, $"diff\n{candidate}", (life, now) => DiffPolicy.Decide(command, life, context.Caller.Subject, now));
    }
}
