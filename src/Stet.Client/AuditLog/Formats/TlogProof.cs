namespace Stet.Client.AuditLog.Formats;

/// <summary>A C2SP tlog-proof: where an entry stands, the hashes that show it, and the checkpoint they lead to.</summary>
/// <param name="Index">Of the leaf, from 0.</param>
/// <param name="Hashes">Inclusion proof, the nearest sibling first.</param>
/// <param name="Note">The checkpoint, not verified yet.</param>
sealed record TlogProof(long Index, IReadOnlyList<byte[]> Hashes, ReadOnlyMemory<byte> Note)
{
    const int MaxHashes = 63;

    public static ReadOnlySpan<byte> FirstLine => "c2sp.org/tlog-proof@v1\n"u8;

    /// <exception cref="AuditException"><see cref="AuditOutcome.Malformed"/>.</exception>
    public static TlogProof Parse(ReadOnlyMemory<byte> file)
    {
        var text = file.Span;
        if (!text.StartsWith(FirstLine)) throw Refuse("does not begin with the line `c2sp.org/tlog-proof@v1`");

        text = text[FirstLine.Length..];
        if (!Strict.TryLine(ref text, out var line)) throw Refuse("is cut");

        // Nothing signs the extra line: it has to be well formed and is not looked at.
        var extra = "extra "u8;
        if (line.StartsWith(extra))
        {
            if (!Strict.TryBase64(line[extra.Length..], out _)) throw Refuse("has an `extra` line that is not base64");
            if (!Strict.TryLine(ref text, out line)) throw Refuse("is cut");
        }

        var index = "index "u8;
        if (!line.StartsWith(index) || !Strict.TryDecimal(line[index.Length..], out var leaf)) throw Refuse("has no `index` line with a plain decimal");

        var hashes = new List<byte[]>();
        while (true)
        {
            if (!Strict.TryLine(ref text, out line)) throw Refuse("has no empty line before its checkpoint");
            if (line.IsEmpty) return new(leaf, hashes, file[^text.Length..]);
            if (hashes.Count == MaxHashes) throw Refuse($"has more than {MaxHashes} hashes");

            var hash = new byte[Merkle.HashSize];
            if (!Strict.TryBase64(line, hash)) throw Refuse("has a hash that is not base64 of 32 bytes");
            hashes.Add(hash);
        }

        static AuditException Refuse(string why) => AuditException.Malformed($"The tlog-proof {why}.");
    }
}
