using System.Globalization;
using Npgsql;

namespace Stet.Postgres;

/// <summary>What went wrong with a server that was named by a connection string.</summary>
static class ServerTrouble
{
    /// <summary>Names the server, what it, or the way to it, says, and what may help; no secret of the connection string.</summary>
    /// <param name="server">As the connection string names it.</param>
    /// <param name="e">What went wrong.</param>
    /// <param name="otherwise">What may help when the failure itself does not tell; null: nothing is said then.</param>
    public static string Of(NpgsqlConnectionStringBuilder server, NpgsqlException e, string? otherwise = null)
    {
        var database = server.Database ?? server.Username;
        var named = database is null ? "" : $", database {database}";
        var advice = Advice(e.SqlState, server) ?? otherwise;
        return string.Create(
            CultureInfo.InvariantCulture, $"PostgreSQL at {server.Host}:{server.Port}{named}: {Reason(e)}{(advice is null ? "" : $": {advice}")}");
    }

    static string Reason(NpgsqlException e) =>
        e is PostgresException server ? server.MessageText
        : e.GetBaseException() is var cause && cause != e ? $"{e.Message.TrimEnd('.')}: {cause.Message}"
        : e.Message;

    static string? Advice(string? sqlState, NpgsqlConnectionStringBuilder server) => sqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            "check the user and password, and whom the server lets in (pg_hba.conf)",
        PostgresErrorCodes.InvalidCatalogName => $"create it, as with `createdb {(server.Username is { } owner ? $"-O {owner} " : "")}{server.Database ?? server.Username}`",
        PostgresErrorCodes.InsufficientPrivilege => "to install, the login has to own the database and be able to create roles",
        _ => null,
    };
}
