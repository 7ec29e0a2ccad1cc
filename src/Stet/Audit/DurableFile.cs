using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Stet.Audit;

/// <summary>Files that are there after a power failure, whole or not at all.</summary>
static partial class DurableFile
{
    /// <summary>Puts a file that is complete and flushed in the place of another, by name, and makes the name durable.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    public static void Replace(string temporary, string target)
    {
        File.Move(temporary, target, overwrite: true);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(target))!);
    }

    /// <summary>Makes durable what a file contains and how long it is; on Linux not when it was written, which costs more.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    public static void FlushContent(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) RandomAccess.FlushToDisk(file);
        else if (FlushContentOf(file) != 0) throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    /// <summary>Makes durable which files a folder has. Windows does that by itself.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;

        const int readOnly = 0;
        var descriptor = Open(folder, readOnly);
        if (descriptor < 0) throw Failure(folder);
        try
        {
            if (Flush(descriptor) != 0) throw Failure(folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    static IOException Failure(string folder) =>
        new($"The folder {folder} cannot be flushed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FlushContentOf(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
