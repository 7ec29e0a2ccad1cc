using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Stet.AuditLog;

/// <summary>
/// A file that proves offline that an entry is in a log (C2SP tlog-proof): index, inclusion proof and signed
/// checkpoint. Who checks it brings the entry and the keys.
/// </summary>
/// <param name="Index">Of the entry, from 0.</param>
/// <param name="Hashes">The inclusion proof, from the leaf's sibling up.</param>
/// <param name="Checkpoint">The note with the cosignatures it had.</param>
public sealed record TlogProof(long Index, IReadOnlyList<LogHash> Hashes, SignedNote Checkpoint)
{
    const string FirstLine = "c2sp.org/tlog-proof@v1";
    const string ExtraPrefix = "extra ";
    const string IndexPrefix = "index ";
    const int HashLine = 45; // base64 of 32 bytes, and a line feed

    /// <summary>
    /// Reads a proof file. Nothing is checked yet; an <c>extra</c> line, which nobody signed, is skipped.
    /// </summary>
    /// <exception cref="AuditLogFormatException">It is not a proof file; the message says why.</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> file)
    {
        var end = file.IndexOf("\n\n"u8);
        if (end < 0) throw new AuditLogFormatException("The proof has no empty line before its checkpoint.");

        var lines = new Queue<string>(StrictText.FromUtf8(file[..end], "proof").Split('\n', MerkleProof.MaxHashes + 4));
        if (lines.Dequeue() != FirstLine)
            throw new AuditLogFormatException($"The first line of a proof is `{FirstLine}`.");

        if (lines.TryPeek(out var extra) && extra.StartsWith(ExtraPrefix, StringComparison.Ordinal))
        {
            if (!StrictText.TryBase64(extra[ExtraPrefix.Length..], out _))
                throw new AuditLogFormatException("The extra line of the proof does not hold base64.");
            lines.Dequeue();
        }

        if (!lines.TryDequeue(out var second) || !second.StartsWith(IndexPrefix, StringComparison.Ordinal) ||
            !StrictText.TryDecimal(second.AsSpan(IndexPrefix.Length), out var index))
        {
            throw new AuditLogFormatException("The proof has no line with the index in decimal digits.");
        }

        var note = SignedNote.Parse(file[(end + 2)..]);
        _ = AuditLog.Checkpoint.Parse(note.Text);
        return new TlogProof(index, ParseHashes(lines), note);
    }

    /// <summary>Checks all of it: the log's signature, cosignatures of known witnesses, and the inclusion.</summary>
    /// <param name="leaf">The hash of the entry, see <see cref="LogHash.Leaf"/>.</param>
    /// <param name="known">Keys of the log and of witnesses. How many of these must have signed, a policy says.</param>
    /// <param name="opened">The checkpoint that the entry is under, and who signed it; only if all is well.</param>
    /// <param name="refusal">What is wrong.</param>
    /// <exception cref="AuditLogFormatException">The note in the file is not a checkpoint.</exception>
    public bool TryVerify(
        LogHash leaf, IReadOnlyCollection<VerifierKey> known, [NotNullWhen(true)] out OpenedCheckpoint? opened,
        [NotNullWhen(false)] out string? refusal)
    {
        if (!AuditLog.Checkpoint.TryOpen(Checkpoint, known, out opened, out refusal)) return false;

        var (size, root) = (opened.Checkpoint.Size, opened.Checkpoint.Root);
        if (MerkleProof.VerifyInclusion(Index, size, leaf, [.. Hashes], root)) return true;

        opened = null;
        refusal = $"The proof does not lead from the entry at index {Index} to the root of {size} leaves.";
        return false;
    }

    /// <summary>The file in UTF-8.</summary>
    public byte[] ToArray()
    {
        var note = Checkpoint.Utf8;
        var file = new PooledBuffer<byte>(64 + (Hashes.Count * HashLine) + note.Length);
        try
        {
            file.Append("c2sp.org/tlog-proof@v1\nindex "u8);
            Index.TryFormat(file.Free(20), out var digits, provider: CultureInfo.InvariantCulture);
            file.Advance(digits);
            file.Add((byte)'\n');
            foreach (var hash in Hashes)
            {
                file.Advance(hash.WriteBase64(file.Free(HashLine)));
                file.Add((byte)'\n');
            }

            file.Add((byte)'\n');
            file.Append(note);
            return file.Written.ToArray();
        }
        finally
        {
            file.Dispose();
        }
    }

    /// <summary>The file.</summary>
    public override string ToString() => Encoding.UTF8.GetString(ToArray());

    /// <summary>Lines of proof hashes, as proof files and requests to witnesses have them.</summary>
    /// <exception cref="AuditLogFormatException">A line is no hash, or there are too many.</exception>
    internal static IReadOnlyList<LogHash> ParseHashes(IReadOnlyCollection<string> lines)
    {
        if (lines.Count > MerkleProof.MaxHashes)
            throw new AuditLogFormatException($"A proof has at most {MerkleProof.MaxHashes} hashes.");

        return
        [
            .. lines.Select(line => StrictText.TryHash(line, out var hash)
                ? hash
                : throw new AuditLogFormatException("A hash of the proof is not base64 of 32 bytes.")),
        ];
    }
}
