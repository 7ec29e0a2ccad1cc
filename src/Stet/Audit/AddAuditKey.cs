using Stet.AuditLog;
using Stet.Authentication;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Audit;

/// <summary>Asks that another key sign the log.</summary>
/// <param name="Vkey">The new key.</param>
/// <param name="Replaces">The key that it takes the place of.</param>
/// <param name="Overlap">How long both sign.</param>
/// <param name="Epoch">The epoch of both.</param>
public sealed record AddAuditKey(string Vkey, string Replaces, TimeSpan Overlap, int Epoch)
{
    public static Decision Decide(AddAuditKey command, AuditKeyring? keyring, DateTimeOffset now)
    {
        if ((keyring?.Epoch ?? 1) != command.Epoch) return Refuse(AuditProblems.EpochBegun);

        return keyring?.Overlap is { } running
            ? Refuse(AuditProblems.OverlapRunning(running.OverlapUntil))
            : Record(new AuditKeyAdded(command.Vkey, command.Replaces, now + command.Overlap, now));
    }
}

public static class AddAuditKeyEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/audit/keys", Post).WithSummary("Add a signing key to the audit log")
            .WithDescription("Old and new key sign side by side until the overlap ends and the old one is retired.")
            .RequirePermission(Scopes.Admin).Produces<LogKeysAnswer>(201).Produces<LogKeysAnswer>()
            .WithAnswerHeader("Location", 201, 200).ProducesProblem(404).ProducesProblem(409);

    // With the epoch as it is now, a key may be added after all.
    static Task<IResult> Post(
        CommandContext context, Commands commands, TenantLogs logs, AuditKeys keys, IAuditSigner signer, AuditOptions options) =>
        LogChanges.RetryAsync(logs, context.Caller.TenantId, tries: 2, () => AddAsync(context, commands, logs, keys, signer, options));

    static async Task<IResult> AddAsync(
        CommandContext context, Commands commands, TenantLogs logs, AuditKeys keys, IAuditSigner signer, AuditOptions options)
    {
        var (tenantId, cancel) = (context.Caller.TenantId, context.Cancel);
        if (await logs.FindAsync(tenantId, cancel) is not { } log) return Problems.Answer(RequestProblems.UnknownTenant);

        var before = await keys.ReadAsync(tenantId, cancel);
        var added = await signer.MakeAsync(tenantId, cancel);
        using var offered = logs.NewKeys.Offer(tenantId, added);
        var command = new AddAuditKey(
            VkeyOf(added, log.Origin), before.Keys.Single(k => k.State == "active").Vkey, options.KeyOverlap, log.Epoch);
        var recorded = await commands.DecideAsync(
            context, AuditModule.KeysStream, context.IdempotencyKey, payload: default,
            (keyring, now) => AddAuditKey.Decide(command, keyring, now));
        if (recorded.Problem == AuditProblems.EpochBegun) throw new AuditLogChangedException();

        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(
                recorded.Repeated ? 200 : 201, await keys.ReadAsync(tenantId, cancel), AuditHttpJson.Default.LogKeysAnswer,
                recorded.Position, "/v1/audit/keys");
    }

    /// <summary>The public half of a new signing key, as verifiers are given it.</summary>
    internal static string VkeyOf(NewKey key, string origin) =>
        new VerifierKey(origin, SignatureType.Ed25519, key.PublicKey!).ToString();
}
