using System.Buffers;
using System.Text;
using System.Text.Json;
using Stet.Http;

namespace Stet.Policy.Lifecycle;

/// <summary>Carries steps of the life of policies to the store; this instance goes by them at once.</summary>
sealed class PolicySteps(Commands commands, ContextCatalog contexts, PoliciesInForce policies)
{
    /// <summary>Decides about a tenant's policies.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="payload">What the idempotency key stands for, for this caller alone: whose step it is belongs to it.</param>
    /// <param name="decide">The command's rule.</param>
    public async Task<Recorded> DecideAsync(
        CommandContext context, string payload, Func<PolicyLife?, DateTimeOffset, Decision> decide) =>
        (await DecideWithStateAsync(context, payload, decide)).Recorded;

    /// <summary>Likewise, and tells how they stand after it.</summary>
    public async Task<(Recorded Recorded, PolicyLife? Life)> DecideWithStateAsync(
        CommandContext context, string payload, Func<PolicyLife?, DateTimeOffset, Decision> decide)
    {
        var (recorded, life) = await commands.DecideWithStateAsync(
            context, PolicyModule.LifeOf, context.IdempotencyKey, Encoding.UTF8.GetBytes($"{context.Caller.Subject}\n{payload}"), decide);
        if (recorded.Events.Count > 0) policies.Forget(context.Caller.TenantId);
        return (recorded, life);
    }

    /// <summary>Decides about a candidate, and answers with what was recorded.</summary>
    public async Task<IResult> TakeAsync(
        CommandContext context, string candidate, string payload, Func<PolicyLife?, DateTimeOffset, Decision> decide)
    {
        if (!Digests.IsDigest(candidate)) throw RequestQuery.Bad("candidate", Digests.Rule);

        var recorded = await DecideAsync(context, payload, decide);
        if (recorded.Problem is { } refusal) return Problems.Answer(refusal);

        var answer = new StepAnswer(candidate, [.. recorded.Events.Select(e => Step(e.Position, e.Data))], recorded.Position);
        var isNew = recorded is { Repeated: false, Events.Count: > 0 };
        return JsonAnswer.Write(isNew ? 201 : 200, answer, PolicyHttpJson.Default.StepAnswer, recorded.Position);
    }

    PolicyStep Step(long position, object data)
    {
        var type = contexts.Catalog.TypeOf(data);
        var text = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(text, JsonAnswer.Readable)) type.Write(data, json);
        return new PolicyStep(type.StoredName, position, new UnreadJson(text.WrittenMemory));
    }
}

/// <summary>What a command recorded of a candidate.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="Steps">In log order; empty: it was so already.</param>
/// <param name="Position">The log position that the answer reflects.</param>
sealed record StepAnswer(string Candidate, IReadOnlyList<PolicyStep> Steps, long Position);

/// <summary>A step in the life of a candidate.</summary>
/// <param name="Step">Stored name of its event: <c>policy_approved</c>.</param>
/// <param name="Position">The event's position in the log.</param>
/// <param name="Event">The event; of a draft, without its text.</param>
sealed record PolicyStep(string Step, long Position, UnreadJson Event);

/// <summary>SHA-256 digests as they are written.</summary>
static class Digests
{
    public const string Rule = "must be 64 hexadecimal digits, lower case";

    static readonly SearchValues<char> lowerHex = SearchValues.Create("0123456789abcdef");

    public static bool IsDigest(string? text) => text is { Length: 64 } && !text.AsSpan().ContainsAnyExcept(lowerHex);
}
