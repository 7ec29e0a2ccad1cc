using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore;

/// <summary>A right that one session of the database has at a time, until it gives it back or ends.</summary>
public static class SessionLock
{
    /// <summary>Takes it unless another session has it.</summary>
    /// <param name="session">Who takes it.</param>
    /// <param name="name">Names it, in all of the database.</param>
    /// <param name="cancel">Ends the wait for the answer.</param>
    /// <returns>Whether the session has it now.</returns>
    public static async Task<bool> TryTakeAsync(NpgsqlConnection session, string name, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", session).With(Scalar(name));
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>Gives it back; with a session that was lost, it is back already.</summary>
    /// <param name="session">Who took it.</param>
    /// <param name="name">Names it.</param>
    public static async Task ReleaseAsync(NpgsqlConnection session, string name)
    {
        await using var command = new NpgsqlCommand("select pg_advisory_unlock(hashtextextended($1, 0))", session).With(Scalar(name));
        try
        {
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException e) when (PassingFailure.Is(e))
        {
        }
    }
}
