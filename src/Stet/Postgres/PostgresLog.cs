namespace Stet.Postgres;

static partial class PostgresLog
{
    [LoggerMessage(120, LogLevel.Information, "Making a PostgreSQL {Version} cluster in {Cluster}")]
    public static partial void Initializing(ILogger logger, PostgresVersion version, string cluster);

    [LoggerMessage(121, LogLevel.Information, "PostgreSQL {Version} runs on {Cluster}")]
    public static partial void Started(ILogger logger, PostgresVersion version, string cluster);

    [LoggerMessage(122, LogLevel.Information, "PostgreSQL is still starting: {LastLine}")]
    public static partial void StillStarting(ILogger logger, string lastLine);

    [LoggerMessage(
        123, LogLevel.Warning, "Stopping the PostgreSQL that an earlier service left running on {Cluster}")]
    public static partial void StoppingOrphan(ILogger logger, string cluster);

    [LoggerMessage(124, LogLevel.Warning, "PostgreSQL on {Cluster} takes long to stop and is stopped at once")]
    public static partial void StoppingAtOnce(ILogger logger, string cluster);

    [LoggerMessage(125, LogLevel.Error, "PostgreSQL on {Cluster} ended by itself; starting it again")]
    public static partial void Died(ILogger logger, string cluster);

    [LoggerMessage(126, LogLevel.Error, "PostgreSQL on {Cluster} could not be started again; trying on")]
    public static partial void NotRestarted(ILogger logger, string cluster, Exception cause);

    [LoggerMessage(127, LogLevel.Error, "PostgreSQL on {Cluster} could not be stopped")]
    public static partial void NotStopped(ILogger logger, string cluster, Exception cause);
}
