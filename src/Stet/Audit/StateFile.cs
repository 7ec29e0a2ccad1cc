using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Stet.Audit;

/// <summary>
/// The newest signed checkpoint of every log, kept outside the database, so that a database that has forgotten some is
/// found out. No checkpoint is handed out before it, or a newer one, is in this file.
/// </summary>
/// <remarks>
/// Append-only: a line <c>note LENGTH SHA-256</c>, then the note. Those that a flush adds to its first begin with
/// <c>also</c>. The end is zeros, written ahead: a flush that makes a file longer, or notes its times, costs a commit of
/// the file system's journal. What a crash left of the last flush, in whatever pieces, was never handed out. A long file is
/// made short again when the newest checkpoints are less than half of it.
/// </remarks>
public sealed class StateFile : IDisposable
{
    const long CompactAbove = 64L << 20;
    const int ZerosAhead = 1 << 20;

    readonly Lock gate = new();
    readonly Dictionary<string, Kept> newest = new(StringComparer.Ordinal);
    readonly Dictionary<string, (int Epoch, string Origin)> lastEpochs = new(StringComparer.Ordinal);
    readonly string path;
    readonly long compactAbove;
    readonly FileStream hold;
    List<SignedCheckpoint> pending = [];
    TaskCompletionSource durable = NewCompletion();
    SafeFileHandle handle;
    long length;
    long needed;
    long reserved;
    bool flushing;

    StateFile(string path, FileStream hold, long compactAbove)
    {
        (this.path, this.hold, this.compactAbove) = (path, hold, compactAbove);
        var read = Read(path, out var unread);
        Unread = unread;
        if (unread > 0) File.Copy(path, Damaged, overwrite: true);
        foreach (var checkpoint in read.Values) Note(checkpoint, Task.CompletedTask);
        (handle, length) = Compact();
        (needed, reserved) = (length, length);
    }

    /// <summary>Opens the file, makes it when there is none, and holds it until it is disposed.</summary>
    /// <exception cref="StateFileException">It is damaged, in use, or cannot be written.</exception>
    public static StateFile Open(string path, long compactAbove = CompactAbove)
    {
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new StateFile(path, held, compactAbove);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw new StateFileException(
                $"The state file {path} cannot be used: {e.Message} Each instance needs an `Audit:Folder` of its own that it can write.", e);
        }
        catch (StateFileException)
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>The newest checkpoint of each origin in a file; none when there is no file.</summary>
    /// <exception cref="StateFileException">It is damaged.</exception>
    public static IReadOnlyDictionary<string, SignedCheckpoint> Read(string path) => Read(path, out _);

    static Dictionary<string, SignedCheckpoint> Read(string path, out int unread)
    {
        unread = 0;
        var read = new Dictionary<string, SignedCheckpoint>(StringComparer.Ordinal);
        if (!File.Exists(path)) return read;

        ReadOnlySpan<byte> rest = ReadAll(path);
        while (!rest.IsEmpty)
        {
            if (Take(ref rest) is not { } checkpoint)
            {
                // Flushes follow one another: what is broken and has another flush behind it was not left by a crash.
                unread = rest.TrimEnd((byte)0).Length;
                if (unread == 0 || (read.Count > 0 && rest[1..].IndexOf("\nnote "u8) < 0)) break;
                throw new StateFileException(
                    $"The state file {path} is damaged. Restore it from a copy{(read.Count > 0 ? "" : ", or remove it if the service never got further than this")}; "
                    + "without it, a database that lost events may sign a second history.");
            }

            if (!read.TryGetValue(checkpoint.Origin, out var known) || known.Size < checkpoint.Size) read[checkpoint.Origin] = checkpoint;
        }

        return read;
    }

    /// <summary>Bytes at the end that could not be read when it was opened, as a crash leaves them, or damage.</summary>
    public int Unread { get; }

    /// <summary>The copy that is kept of a file with such an end.</summary>
    public string Damaged => path + ".damaged";

    /// <summary>Every log's newest checkpoint.</summary>
    public IReadOnlyList<SignedCheckpoint> All
    {
        get
        {
            lock (gate) return [.. newest.Values.Select(k => k.Checkpoint)];
        }
    }

    /// <summary>The newest checkpoint of a log that may have been handed out; null when there is none.</summary>
    public SignedCheckpoint? Newest(string origin)
    {
        lock (gate) return newest.TryGetValue(origin, out var known) ? known.Checkpoint : null;
    }

    /// <summary>The newest checkpoint of the last epoch that a log is known to have had; null when none is later than this one.</summary>
    /// <param name="origin">Of the log in one of its epochs.</param>
    public SignedCheckpoint? NewestOfLaterEpoch(string origin)
    {
        var (first, epoch) = LogOrigin.Parse(origin);
        lock (gate) return lastEpochs.TryGetValue(first, out var last) && last.Epoch > epoch ? newest[last.Origin].Checkpoint : null;
    }

    /// <summary>Ends when this checkpoint or a newer one of its log is durable. One flush serves all that wait.</summary>
    /// <exception cref="IOException">It could not be written: it must not be handed out.</exception>
    public Task KeepAsync(SignedCheckpoint checkpoint)
    {
        Task kept;
        lock (gate)
        {
            if (newest.TryGetValue(checkpoint.Origin, out var known) && known.Checkpoint.Size >= checkpoint.Size && !known.Durable.IsFaulted)
                return known.Durable;

            // One whose flush has failed is still the newest.
            if (known.Checkpoint?.Size > checkpoint.Size) checkpoint = known.Checkpoint;
            pending.Add(checkpoint);
            kept = durable.Task;
            Note(checkpoint, kept);
            if (flushing) return kept;
            flushing = true;
        }

        Flush(); // the caller waits for it: it need not be on another thread
        return kept;
    }

    /// <summary>Lets go of the file.</summary>
    public void Dispose()
    {
        handle.Dispose();
        hold.Dispose();
    }

    void Note(SignedCheckpoint checkpoint, Task kept)
    {
        if (!newest.ContainsKey(checkpoint.Origin))
        {
            var (first, epoch) = LogOrigin.Parse(checkpoint.Origin);
            if (epoch > lastEpochs.GetValueOrDefault(first).Epoch) lastEpochs[first] = (epoch, checkpoint.Origin);
        }

        newest[checkpoint.Origin] = new Kept(checkpoint, kept);
    }

    /// <summary>Flushes what is pending; what comes meanwhile is flushed next, on another thread.</summary>
    void Flush()
    {
        List<SignedCheckpoint> batch;
        TaskCompletionSource written;
        lock (gate)
        {
            (batch, pending) = (pending, []);
            (written, durable) = (durable, NewCompletion());
        }

        try
        {
            if (length > Math.Max(compactAbove, 2 * needed)) Renew();
            else Append(batch);
            written.SetResult();
        }
        catch (Exception e)
        {
            // Whatever it was (a limit on the size of files is an argument out of range): who waits must not wait for ever.
            Forget();
            written.SetException(new IOException($"The state file cannot be written: {e.Message}", e));
            _ = written.Task.Exception; // seen here: whoever waits sees it as well, and perhaps nobody does any more
        }

        lock (gate)
        {
            flushing = pending.Count > 0;
            if (flushing) _ = Task.Run(Flush);
        }
    }

    void Append(List<SignedCheckpoint> batch)
    {
        using var records = new MemoryStream();
        foreach (var checkpoint in batch) Write(records, records.Length == 0 ? "note" : "also", checkpoint);
        var end = length + records.Length;
        if (end > reserved)
        {
            RandomAccess.Write(handle, new byte[ZerosAhead], end);
            reserved = end + ZerosAhead;
        }

        RandomAccess.Write(handle, records.GetBuffer().AsSpan(0, (int)records.Length), length);
        DurableFile.FlushContent(handle);
        length = end; // only now: what was written in part is written over
    }

    /// <summary>Drops what a failed write left behind the last whole record.</summary>
    void Forget()
    {
        try
        {
            RandomAccess.SetLength(handle, length);
            reserved = length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // The next write goes to the same place; until then nothing is handed out.
        }
    }

    void Renew()
    {
        var (renewed, size) = Compact();
        handle.Dispose();
        (handle, length, needed, reserved) = (renewed, size, size, size);
    }

    (SafeFileHandle Handle, long Length) Compact()
    {
        var temporary = path + ".new";
        using var records = new MemoryStream();
        foreach (var checkpoint in All) Write(records, "note", checkpoint);

        var renewed = File.OpenHandle(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.Write(renewed, records.GetBuffer().AsSpan(0, (int)records.Length), 0);
        RandomAccess.FlushToDisk(renewed);
        DurableFile.Replace(temporary, path);
        return (renewed, records.Length);
    }

    static byte[] ReadAll(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    static void Write(MemoryStream records, string kind, SignedCheckpoint checkpoint)
    {
        var note = checkpoint.Note.ToArray();
        records.Write(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{kind} {note.Length} {Convert.ToHexStringLower(SHA256.HashData(note))}\n")));
        records.Write(note);
    }

    static SignedCheckpoint? Take(ref ReadOnlySpan<byte> rest)
    {
        var line = rest.IndexOf((byte)'\n');
        if (line < 0) return null;

        var header = Encoding.ASCII.GetString(rest[..line]).Split(' ');
        if (header is not ["note" or "also", var digits, var hash]
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || size > rest.Length - line - 1)
        {
            return null;
        }

        var note = rest.Slice(line + 1, size);
        if (Convert.ToHexStringLower(SHA256.HashData(note)) != hash) return null;

        rest = rest[(line + 1 + size)..];
        return SignedCheckpoint.Parse(note);
    }

    static TaskCompletionSource NewCompletion() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    readonly record struct Kept(SignedCheckpoint Checkpoint, Task Durable);
}

/// <summary>The state file cannot be used. The message says what to do.</summary>
public sealed class StateFileException(string message, Exception? cause = null) : Exception(message, cause);
