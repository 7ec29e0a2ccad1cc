namespace Stet.Client.AuditLog;

/// <summary>Reads at once, without awaiting: the callers are as many as there are cores.</summary>
sealed class FolderSource(string folder) : AuditLogSource
{
    internal override int Parallelism => Environment.ProcessorCount;

    internal override ValueTask<PooledBytes?> TryReadAsync(string path, int limit, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult<PooledBytes?>(Read(path, limit));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return ValueTask.FromResult<PooledBytes?>(null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AuditException.Unavailable($"`{path}` cannot be read: {e.Message}", e);
        }
    }

    PooledBytes Read(string path, int limit)
    {
        using var file = File.OpenHandle(Path.Combine(folder, path));
        var length = RandomAccess.GetLength(file);
        if (length > limit) throw TooLong(path, limit);

        // A byte more than the file has, so that the read after the last finds the end.
        var bytes = new PooledBytes((int)length + 1);
        while (bytes.Length <= length && RandomAccess.Read(file, bytes.Free.Span, bytes.Length) is > 0 and var read) bytes.Advance(read);

        return bytes;
    }
}
