using System.Globalization;
using Npgsql;

namespace Stet.Postgres;

/// <summary>What went wrong with a server that was named by a connection string.</summary>
static class ServerTrouble
{
    /// <summary>Names the server and what it, or the way to it, says; no secret of the connection string.</summary>
    public static string Of(NpgsqlConnectionStringBuilder server, NpgsqlException e)
    {
        var database = server.Database ?? server.Username;
        var named = database is null ? "" : $", database {database}";
        return string.Create(
            CultureInfo.InvariantCulture, $"PostgreSQL at {server.Host}:{server.Port}{named}: {(e as PostgresException)?.MessageText ?? e.Message}");
    }
}
