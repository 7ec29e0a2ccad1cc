using System.Runtime.InteropServices;

namespace Stet.Client.AuditLog;

/// <summary>Files that are whole or absent, whenever the machine stops.</summary>
static partial class Durable
{
    const string Temporary = ".tmp";

    /// <summary>Replaces a file: temporary name, fsync, rename, fsync of the folder.</summary>
    public static async Task ReplaceAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await WriteAsync(path, file => file.WriteAsync(content, cancel).AsTask(), cancel);
        SyncFolder(FolderOf(path));
    }

    /// <summary>The same, but for the folder, which many files may share.</summary>
    public static async Task WriteAsync(string path, Func<FileStream, Task> write, CancellationToken cancel)
    {
        await using (var file = new FileStream(path + Temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
        {
            await write(file);
            await file.FlushAsync(cancel);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + Temporary, path, overwrite: true);
    }

    /// <summary>Makes a folder and those above it, where they are not there; their names last.</summary>
    public static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder)) return;

        var parent = FolderOf(folder);
        if (parent != folder) CreateFolder(parent);
        Directory.CreateDirectory(folder);
        SyncFolder(parent);
    }

    /// <summary>Makes the names in a folder last. Windows does that by itself.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;

        var descriptor = Open(folder, 0);
        if (descriptor < 0) throw new IOException($"The folder `{folder}` cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");

        try
        {
            if (Sync(descriptor) != 0) throw new IOException($"The folder `{folder}` cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    public static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
