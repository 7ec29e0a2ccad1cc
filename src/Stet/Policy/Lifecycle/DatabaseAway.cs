using Npgsql;
using Stet.EventStore;

namespace Stet.Policy.Lifecycle;

/// <summary>For connections of one's own: a database that is away is answered like one that the store cannot reach.</summary>
static class DatabaseAway
{
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public static async Task<T> OrUnavailableAsync<T>(this Task<T> asked)
    {
        try
        {
            return await asked;
        }
        catch (NpgsqlException e) when (e is not PostgresException || e.IsTransient)
        {
            throw new StoreUnavailableException("the database did not answer", TimeSpan.FromSeconds(2), e);
        }
    }
}
