using System.Security.Cryptography;
using Stet.EventStore;
using Stet.Http;

namespace Stet;

/// <summary>Carries commands to the store: names their stream, marks them for repetition, takes their decision.</summary>
public sealed class Commands(Store store, IHostEnvironment environment)
{
    /// <summary>Decides one command on the newest state of its stream and records what it says.</summary>
    /// <param name="context">Who asks, and what is stored with the events.</param>
    /// <param name="stream">The stream's state type and natural key: a context, then the key's parts.</param>
    /// <param name="key">Idempotency key of the command; null: it is decided as often as it is sent.</param>
    /// <param name="payload">What the key stands for: another payload under the same key is a conflict.</param>
    /// <param name="decide">The command's rule.</param>
    /// <param name="once">What is done once, under whatever key it is sent; null: nothing is.</param>
    public async Task<Recorded> DecideAsync<TState>(
        CommandContext context, StreamKey<TState> stream, string? key, ReadOnlyMemory<byte> payload,
        Func<TState?, DateTimeOffset, Decision> decide, Once? once = null)
        where TState : class
    {
        var command = new CommandToDecide<TState>(stream, key, payload, decide, once);
        return (await DecideAsync(context, [command]))[0];
    }

    /// <summary>Likewise, and tells how the state stands after it.</summary>
    /// <returns>Beside how it went, the state after what was recorded; null when there is none, or nothing was decided anew.</returns>
    public async Task<(Recorded Recorded, TState? State)> DecideWithStateAsync<TState>(
        CommandContext context, StreamKey<TState> stream, string? key, ReadOnlyMemory<byte> payload,
        Func<TState?, DateTimeOffset, Decision> decide)
        where TState : class
    {
        // The rule may be asked twice: the last time counts.
        TState? state = null;
        var recorded = await DecideAsync(context, stream, key, payload, (before, now) => decide(state = before, now));
        if (recorded.Repeated) return (recorded, null);

        foreach (var e in recorded.Events) state = stream.State.Fold(state, e.Data);
        return (recorded, state);
    }

    /// <summary>Decides commands in order: all are recorded or none.</summary>
    public async Task<Recorded[]> DecideAsync(CommandContext context, IReadOnlyList<CommandToDecide> commands)
    {
        var tenant = await TenantAsync(context);
        return tenant is null ? [.. commands.Select(_ => Unknown)] : await DecideAsync(context, tenant, commands);
    }

    /// <summary>Decides commands in order, each for itself.</summary>
    /// <exception cref="StoreBusyException">The store took none of them.</exception>
    public async Task<Recorded[]> DecideEachAsync(CommandContext context, IReadOnlyList<CommandToDecide> commands)
    {
        var tenant = await TenantAsync(context);
        if (tenant is null) return [.. commands.Select(_ => Unknown)];

        // INVARIANT: each is in the store's queue before the next is looked at, so they are decided in this order.
        var recorded = await Task.WhenAll(commands.Select(async command =>
        {
            try
            {
                return (await DecideAsync(context, tenant, [command]))[0];
            }
            catch (StoreBusyException)
            {
                return new Recorded([], 0, false, RequestProblems.Busy);
            }
        }));
        return recorded.Length > 0 && recorded.All(r => r.Problem == RequestProblems.Busy) ? throw new StoreBusyException() : recorded;
    }

    static Recorded Unknown { get; } = new([], 0, false, RequestProblems.UnknownTenant);

    /// <summary>The caller's tenant, or null while it has not been created; in Development its first command creates it.</summary>
    internal async Task<Tenant?> TenantAsync(CommandContext context)
    {
        var tenantId = context.Caller.TenantId;
        var tenant = await store.FindTenantAsync(tenantId, context.Cancel);
        return tenant is null && environment.IsDevelopment() ? await store.CreateTenantAsync(tenantId, context.Cancel) : tenant;
    }

    async Task<Recorded[]> DecideAsync(CommandContext context, Tenant tenant, IReadOnlyList<CommandToDecide> commands)
    {
        var prepared = new StreamCommand[commands.Count];
        for (var i = 0; i < prepared.Length; i++) prepared[i] = commands[i].Prepare(tenant);

        AppendResult[] results;
        try
        {
            results = await store.AppendAsync(tenant.Id, context.Metadata, prepared, context.Receipt is not null, context.Cancel);
        }
        catch (UnloggableEventException e)
        {
            return [.. commands.Select(_ => new Recorded([], 0, false, RequestProblems.NotCanonical(e.Pointer, e.Reason)))];
        }

        foreach (var result in results) context.Receipt?.Add(tenant.Id, result);
        var answers = new Recorded[results.Length];
        for (var i = 0; i < answers.Length; i++)
        {
            var result = results[i];
            answers[i] = new Recorded(result.Events, result.Position, result.Outcome == AppendOutcome.Repeated, result.Outcome switch
            {
                AppendOutcome.Refused => commands[i].Refusal,
                AppendOutcome.KeyConflict => RequestProblems.IdempotencyConflict,
                AppendOutcome.RequestConflict => RequestProblems.OtherRequest,
                AppendOutcome.DoneOtherwise => commands[i].Once!.Otherwise,
                AppendOutcome.UnknownTenant => RequestProblems.UnknownTenant,
                AppendOutcome.NotRecorded => RequestProblems.NotRecorded,
                _ => null,
            });
        }

        return answers;
    }
}

/// <summary>Names a stream before its tenant is known.</summary>
/// <param name="State">What its events fold into.</param>
/// <param name="Parts">The context, then the natural key.</param>
public sealed record StreamKey<TState>(StateType<TState> State, params string[] Parts) where TState : class;

/// <summary>What is done once, under whatever key it is sent: again it gets the first answer.</summary>
/// <param name="Key">Names it.</param>
/// <param name="Payload">How it is done.</param>
/// <param name="Otherwise">The answer when it was done another way.</param>
public sealed record Once(string Key, ReadOnlyMemory<byte> Payload, Problem Otherwise);

/// <summary>A command with its rule, ready for the store.</summary>
public abstract class CommandToDecide(Once? once)
{
    /// <summary>Why the rule said no; null when it did not.</summary>
    public Problem? Refusal { get; protected set; }

    internal Once? Once { get; } = once;

    /// <summary>The key of the request that this is one command of, and the SHA-256 of all that it asks; null without one.</summary>
    public (string Key, byte[] PayloadHash)? Request { get; init; }

    internal abstract StreamCommand Prepare(Tenant tenant);
}

/// <inheritdoc />
public sealed class CommandToDecide<TState>(
    StreamKey<TState> stream, string? key, ReadOnlyMemory<byte> payload, Func<TState?, DateTimeOffset, Decision> decide,
    Once? once = null)
    : CommandToDecide(once)
    where TState : class
{
    internal override StreamCommand Prepare(Tenant tenant) =>
        new StreamCommand<TState>(stream.State, tenant.StreamId(stream.Parts), Decide)
        {
            Idempotency = key is null ? null : Mark(tenant, key, payload),
            Once = Once is null ? null : Mark(tenant, Once.Key, Once.Payload),
            Request = Request is { } whole
                ? new IdempotencyMark(tenant.StreamId("idempotency", stream.Parts[0], "request", whole.Key), whole.PayloadHash)
                : null,
        };

    IdempotencyMark Mark(Tenant tenant, string name, ReadOnlyMemory<byte> of) =>
        new(tenant.StreamId("idempotency", stream.Parts[0], name), SHA256.HashData(of.Span));

    IReadOnlyList<object>? Decide(TState? state, DateTimeOffset now)
    {
        var decision = decide(state, now);
        Refusal = decision.Refusal;
        return Refusal is null ? decision.Events : null;
    }
}

/// <summary>How a command went.</summary>
/// <param name="Events">What it recorded, now or the first time it was sent.</param>
/// <param name="Position">The log position that the answer reflects.</param>
/// <param name="Repeated">Whether this is the first answer once more.</param>
/// <param name="Problem">Why nothing was recorded; null when the command went through.</param>
public sealed record Recorded(IReadOnlyList<StoredEvent> Events, long Position, bool Repeated, Problem? Problem);
