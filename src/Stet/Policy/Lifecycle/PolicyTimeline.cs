using Npgsql;
using Stet.EventStore;

namespace Stet.Policy.Lifecycle;

/// <summary>What decides in a tenant now and later, as of one version of the life of its policies.</summary>
public sealed class PolicyTimeline
{
    static readonly StateType<NoState> guardState = StateType.Stateless(PolicyModule.LifeName);

    readonly Activation[] activations;
    readonly PolicyInForce?[] loaded;
    readonly Func<Activation, CancellationToken, ValueTask<PolicyInForce?>> load;

    internal PolicyTimeline(
        long version, Guid stream, Activation[] activations, Func<Activation, CancellationToken, ValueTask<PolicyInForce?>> load)
    {
        (Version, this.activations, this.load) = (version, activations, load);
        Guard = new StreamCommand<NoState>(guardState, stream, static (_, _) => []) { ExpectedVersion = version };
        loaded = new PolicyInForce?[activations.Length];
    }

    /// <summary>Of the stream of the tenant's policies; 0: nothing has been said.</summary>
    public long Version { get; }

    /// <summary>Of a tenant that did not exist: nothing that is decided by it is ever recorded.</summary>
    internal static PolicyTimeline OfNobody { get; } = new(-1, Guid.Empty, [], static (_, _) => default);

    /// <summary>What decides at a time that is not before this was read.</summary>
    /// <returns>Null: nothing is in force, or it does not load.</returns>
    public ValueTask<PolicyInForce?> AtAsync(DateTimeOffset now, CancellationToken cancel)
    {
        for (var i = activations.Length - 1; i >= 0; i--)
            if (activations[i].NotBefore <= now)
                return Volatile.Read(ref loaded[i]) is { } known ? ValueTask.FromResult<PolicyInForce?>(known) : LoadAsync(i, cancel);

        return default;
    }

    async ValueTask<PolicyInForce?> LoadAsync(int index, CancellationToken cancel)
    {
        var found = await load(activations[index], cancel);
        Volatile.Write(ref loaded[index], found);
        return found;
    }

    /// <summary>
    /// A command that goes through only while nothing in the life of the tenant's policies has changed. Appended with a
    /// decision, it lets none through that was made by policies another activation had replaced, wherever that was made:
    /// forget, decide again, and append anew.
    /// </summary>
    public StreamCommand Guard { get; }
}

/// <summary>When a candidate comes into force, and where its text is.</summary>
/// <param name="Position">Of the event.</param>
/// <param name="Candidate">Its digest.</param>
/// <param name="DraftedPosition">Where its text is.</param>
/// <param name="NotBefore">The least time there is for one that was at once: it counts for clocks that are behind, too.</param>
sealed record Activation(long Position, string Candidate, long DraftedPosition, DateTimeOffset NotBefore)
{
    public static Activation Read(NpgsqlDataReader row, int column) => new(
        row.GetInt64(column), row.GetString(column + 1), row.GetInt64(column + 2),
        row.GetBoolean(column + 4) ? DateTimeOffset.MinValue : row.GetFieldValue<DateTimeOffset>(column + 3));
}
