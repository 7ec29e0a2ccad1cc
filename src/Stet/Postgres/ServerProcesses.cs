using System.Diagnostics;

namespace Stet.Postgres;

/// <summary>The processes of the server on a cluster, whoever started them.</summary>
public static class ServerProcesses
{
    /// <summary>The server's main process; null when it does not run.</summary>
    /// <remarks>The id in <c>postmaster.pid</c> outlives a crash or reboot and may belong to another program by now.</remarks>
    public static int? Postmaster(string cluster)
    {
        var file = Path.Combine(cluster, "postmaster.pid");

        try
        {
            return File.Exists(file)
                && int.TryParse(File.ReadLines(file).FirstOrDefault(), out var pid)
                && IsServerOf(cluster, pid)
                    ? pid
                    : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The server removes the file as it ends.
            return null;
        }
    }

    /// <summary>All of them: after a crash the children may outlive the main process for a moment.</summary>
    public static IReadOnlyList<int> All(string cluster) =>
        OperatingSystem.IsLinux()
            ? [.. Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder.AsSpan()), out var pid) ? pid : 0)
                .Where(pid => pid > 0 && IsServerOf(cluster, pid))]
            : Postmaster(cluster) is { } postmaster ? [postmaster] : [];

    static bool IsServerOf(string cluster, int pid)
    {
        try
        {
            // A server works in its cluster; the system tells that on Linux alone.
            if (OperatingSystem.IsLinux())
                return File.ReadAllText($"/proc/{pid}/comm").StartsWith("postgres", StringComparison.Ordinal)
                    && new DirectoryInfo($"/proc/{pid}/cwd").LinkTarget == cluster;

            using var process = Process.GetProcessById(pid);

            return process.ProcessName.StartsWith("postgres", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException
            or InvalidOperationException)
        {
            // It has ended, or belongs to somebody else.
            return false;
        }
    }
}
