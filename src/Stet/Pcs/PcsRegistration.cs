using Stet.Http;

namespace Stet.Pcs.Service;

/// <summary>Carries changes of a tenant's registry to the store; this instance goes by them at once.</summary>
sealed class PcsRegistration(Commands commands, PcsKeySecrets secrets, PcsTenants tenants, TimeProvider clock)
{
    /// <summary>Registers a key.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="command">The key.</param>
    /// <param name="secret">Its secret; null for a public key.</param>
    public async Task<IResult> RegisterAsync(CommandContext context, RegisterKey command, string? secret)
    {
        if (secret is not null)
        {
            // Nothing could take the secret away again, so it is kept only for a registration that would go through.
            var (_, asked) = await DecideAsync(
                context, (before, now) => RegisterKey.Decide(command, before, now) is { Refusal: not null } refused ? refused : Decision.Nothing);
            if (asked.Problem is { } refusedBefore) return Problems.Answer(refusedBefore);

            await secrets.KeepAsync(context.Caller.TenantId, command.Fingerprint, secret, context.Cancel);
        }

        var (registry, recorded) = await DecideAsync(
            context, (before, now) => RegisterKey.Decide(command, before, now));
        return recorded.Problem is { } refusal ? Problems.Answer(refusal) : Answer(registry, command.Kid, recorded);
    }

    /// <summary>Revokes a key.</summary>
    public async Task<IResult> RevokeAsync(CommandContext context, RevokeKey command)
    {
        var (registry, recorded) = await DecideAsync(context, (before, now) => RevokeKey.Decide(command, before, now));
        return recorded.Problem is { } refusal ? Problems.Answer(refusal) : Answer(registry, command.Kid, recorded);
    }

    /// <summary>Decides about a tenant's registry.</summary>
    /// <returns>The registry after the decision.</returns>
    public async Task<(PcsRegistry Registry, Recorded Recorded)> DecideAsync(
        CommandContext context, Func<PcsRegistry?, DateTimeOffset, Decision> decide)
    {
        var (recorded, registry) = await commands.DecideWithStateAsync(context, PcsModule.RegistryOf, key: null, payload: default, decide);
        if (recorded.Events.Count > 0) tenants.Forget(context.Caller.TenantId);
        return (registry ?? PcsRegistry.Empty, recorded);
    }

    IResult Answer(PcsRegistry registry, string kid, Recorded recorded) => JsonAnswer.Write(
        200, KeyAnswer.Of(registry.Key(kid)!, clock.GetUtcNow()), PcsHttpJson.Default.KeyAnswer, recorded.Position);
}
