namespace Stet.Postgres;

/// <summary>The private PostgreSQL cannot run. The message is for the operator and says what to do.</summary>
public class PrivateClusterException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Another service holds the data folder.</summary>
public sealed class DataFolderInUseException(string folder, int? holder) : PrivateClusterException(
    $"The data folder {folder} is in use by another Stet{(holder is { } pid ? $" (process {pid})" : "")}. "
    + "Stop that one, or give this one a folder of its own with --data DIR.")
{
    /// <summary>The process that holds the folder; null when it did not leave its id.</summary>
    public int? Holder => holder;
}
