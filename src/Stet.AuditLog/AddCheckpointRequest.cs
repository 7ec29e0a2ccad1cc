using System.Globalization;
using System.Text;

namespace Stet.AuditLog;

/// <summary>The body of a request to a witness (C2SP tlog-witness): a checkpoint and why it may believe it.</summary>
public sealed class AddCheckpointRequest
{
    /// <summary>The most bytes a witness takes.</summary>
    public const int MaxSize = 64 * 1024;

    const string OldPrefix = "old ";

    readonly byte[] note;

    AddCheckpointRequest(long oldSize, IReadOnlyList<LogHash> hashes, byte[] note)
    {
        (OldSize, Hashes, this.note) = (oldSize, hashes, note);

        // A lenient decoder will do: what it mends no configured origin holds, and the note's own parser is strict.
        var end = Array.IndexOf(note, (byte)'\n');
        Origin = Encoding.UTF8.GetString(note, 0, end < 0 ? note.Length : end);
    }

    /// <summary>The size that the witness is thought to have cosigned last; 0 for none.</summary>
    public long OldSize { get; }

    /// <summary>The consistency proof from there to the checkpoint.</summary>
    public IReadOnlyList<LogHash> Hashes { get; }

    /// <summary>The first line of the note, by which a witness finds the log.</summary>
    public string Origin { get; }

    /// <summary>The note with the checkpoint, parsed by nobody yet.</summary>
    public ReadOnlySpan<byte> Note => note;

    /// <summary>Reads the frame of a body, the note not included.</summary>
    /// <exception cref="AuditLogFormatException">It is not such a body; the message says why.</exception>
    public static AddCheckpointRequest Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length > MaxSize) throw new AuditLogFormatException($"The request has more than {MaxSize} bytes.");

        var end = body.IndexOf("\n\n"u8);
        if (end < 0) throw new AuditLogFormatException("The request has no empty line before its checkpoint.");

        var lines = StrictText.FromUtf8(body[..end], "request").Split('\n');
        if (!lines[0].StartsWith(OldPrefix, StringComparison.Ordinal) ||
            !StrictText.TryDecimal(lines[0].AsSpan(OldPrefix.Length), out var oldSize))
        {
            throw new AuditLogFormatException("The request does not begin with `old` and a size in decimal digits.");
        }

        return new AddCheckpointRequest(oldSize, TlogProof.ParseHashes(lines[1..]), body[(end + 2)..].ToArray());
    }

    /// <summary>Writes a body.</summary>
    /// <param name="oldSize">The size that the witness has cosigned last, 0 for none.</param>
    /// <param name="hashes">The consistency proof from that size; none from 0.</param>
    /// <param name="checkpoint">The signed checkpoint.</param>
    public static byte[] Write(long oldSize, IReadOnlyList<LogHash> hashes, SignedNote checkpoint)
    {
        ArgumentNullException.ThrowIfNull(hashes);
        ArgumentNullException.ThrowIfNull(checkpoint);
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"{OldPrefix}{oldSize}\n");
        foreach (var hash in hashes) body.Append(CultureInfo.InvariantCulture, $"{hash}\n");
        body.Append(CultureInfo.InvariantCulture, $"\n{checkpoint}");
        return StrictText.ToUtf8(body.ToString(), "request");
    }
}
