namespace Stet.Client.Pcs;

/// <summary>
/// Rows of a file, which may still grow: CSV whose first line names <c>timestamp</c>, <c>x</c>, <c>y</c> and <c>z</c>, in any
/// order and among others, or (<c>.jsonl</c>, <c>.ndjson</c>) a JSON object with these numbers on each line.
/// </summary>
public sealed class EventSource : IDisposable
{
    readonly string path;
    readonly FileStream file;
    readonly RowFormat format;
    LineReader lines;
    bool hasHeader;

    EventSource(string path, FileStream file, RowFormat format)
    {
        (this.path, this.file, this.format) = (path, file, format);
        lines = new LineReader(file, start: 0);
        hasHeader = !format.HasHeader;
    }

    /// <summary>Where the next row begins, bytes.</summary>
    public long Position => lines.Position;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Where to begin: a <see cref="Position"/> of before.</param>
    /// <exception cref="AgentException">It cannot be read, or is shorter than that.</exception>
    public static EventSource Open(string path, long offset = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            var opened = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var source = new EventSource(path, opened, RowFormat.Of(path));
            try
            {
                if (offset > 0) source.Skip(offset);
                return source;
            }
            catch
            {
                opened.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Reads a row.</summary>
    /// <param name="row">Valid until the next call.</param>
    /// <param name="isWhole">Whether the file does not grow any more: then its last line needs no end.</param>
    /// <returns>False: there is none for now.</returns>
    /// <exception cref="AgentException">A line is no row, or the file cannot be read.</exception>
    public bool TryRead(out EventRow row, bool isWhole)
    {
        row = default;
        var at = lines.Position;
        try
        {
            while (lines.TryRead(out var line, isWhole))
            {
                if (!hasHeader)
                {
                    format.ReadHeader(line);
                    hasHeader = true;
                }
                else if (!line.IsEmpty)
                {
                    row = format.Read(line);
                    return true;
                }

                at = lines.Position;
            }

            if (file.Length < lines.Position) throw Shorter();
            return false;
        }
        catch (AgentException e)
        {
            throw new AgentException($"`{path}`, at byte {at}: {e.Message.TrimEnd('.')}.");
        }
        catch (IOException e)
        {
            throw Unreadable(path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    void Skip(long offset)
    {
        if (file.Length < offset) throw Shorter();
        if (!hasHeader && lines.TryRead(out var line, isWhole: false)) format.ReadHeader(line);

        hasHeader = true;
        file.Position = offset;
        lines = new LineReader(file, offset);
    }

    AgentException Shorter() =>
        new($"`{path}` is shorter than what was read of it: name the file that it was, or start with a new outbox");

    static AgentException Unreadable(string path, Exception e) => new($"`{path}` cannot be read: {e.Message}", e);
}
