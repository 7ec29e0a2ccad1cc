using System.Net.Sockets;
using Npgsql;

namespace Stet.EventStore;

/// <summary>Failures of a database that is away, restarting or overtaxed: on a new connection, a little later, all is well.</summary>
public static class PassingFailure
{
    /// <summary>Whether the same statement may succeed when it is sent again.</summary>
    public static bool Is(Exception e) => e switch
    {
        PostgresException p => p.IsTransient || p.SqlState is PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or "25P03" /* idle_in_transaction_session_timeout */
            or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.ReadOnlySqlTransaction /* a primary no more */ || IsLockedOut(p) || IsStalePlan(p),
        NpgsqlException or IOException or TimeoutException or SocketException => true,
        _ => false,
    };

    /// <summary>Whether a statement took longer than its session may. It would again, so it does not pass.</summary>
    public static bool IsTooSlow(Exception e) => e is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled };

    /// <summary>No open session gets these, only the way to one: a login that changes, or a database under another name.</summary>
    static bool IsLockedOut(PostgresException e) => e.SqlState is PostgresErrorCodes.InvalidCatalogName
        or PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification;

    /// <summary>A table got another shape under a prepared statement.</summary>
    internal static bool IsStalePlan(Exception e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.FeatureNotSupported, Routine: "RevalidateCachedQuery" };
}
