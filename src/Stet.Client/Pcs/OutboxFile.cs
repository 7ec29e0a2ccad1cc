using Microsoft.Win32.SafeHandles;

namespace Stet.Client.Pcs;

/// <summary>Files of an outbox: opened, created and written so that a crash at any byte leaves what was kept.</summary>
static class OutboxFile
{
    /// <summary>Where a new file is prepared until it takes the outbox's name.</summary>
    public static string Unfinished(string path) => path + ".new";

    /// <summary>Held by the one process that may write.</summary>
    /// <exception cref="OutboxException">Another process holds it.</exception>
    public static FileStream Lock(string path) => Guard(path, () =>
    {
        AuditLog.Durable.CreateFolder(Path.GetDirectoryName(path)!);
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException) && File.Exists(path + ".lock"))
        {
            throw OutboxException.InUse(path);
        }
    });

    /// <summary>Opens the file to be appended to, and makes it where there is none.</summary>
    public static SafeFileHandle OpenOrCreate(string path, long now)
    {
        File.Delete(Unfinished(path));
        if (!File.Exists(path))
        {
            using (var file = Create(path))
                Append(file, OutboxFormat.Header(baseSeq: 1, now), 0);
            TakeName(path);
        }

        return Open(path);
    }

    public static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public static SafeFileHandle OpenToRead(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>A file that <see cref="TakeName"/> puts in the outbox's place.</summary>
    public static SafeFileHandle Create(string path) =>
        File.OpenHandle(Unfinished(path), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Writes and waits until the disk has it.</summary>
    public static void Append(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Write(file, bytes, offset);
        RandomAccess.FlushToDisk(file);
    }

    /// <exception cref="IOException">The disk is full, or broken.</exception>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (ArgumentOutOfRangeException e)
        {
            // How .NET reports a limit on the size of files.
            throw new IOException("the system does not let the file become larger", e);
        }
    }

    /// <summary>Puts a file that is finished and flushed in place of the outbox.</summary>
    public static void TakeName(string path)
    {
        File.Move(Unfinished(path), path, overwrite: true);
        AuditLog.Durable.SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>A whole record.</summary>
    /// <exception cref="OutboxException">It is not whole any more.</exception>
    public static byte[] ReadRecord(string path, SafeFileHandle file, OutboxPlace place)
    {
        var record = new byte[place.Size];
        Read(file, record, place.Offset);
        return OutboxFormat.RecordSize(record) == record.Length && OutboxFormat.IsWhole(record)
            ? record
            : throw OutboxException.Corrupt(path, place.Offset);
    }

    /// <summary>Turns what the disk says into what the agent's user can do.</summary>
    public static T Guard<T>(string path, Func<T> use)
    {
        try
        {
            return use();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw OutboxException.Storage(path, e);
        }
    }

    static void Read(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            var read = RandomAccess.Read(file, bytes, offset);
            if (read == 0) throw new EndOfStreamException("the file is shorter than it was");
            bytes = bytes[read..];
            offset += read;
        }
    }
}
