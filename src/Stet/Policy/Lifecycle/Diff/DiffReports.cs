using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using Stet.Cedar;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>Keeps reports: a read model that can be made again from the log at any time.</summary>
sealed class DiffReports(StoreConnections connections)
{
    const int PiecesAtOnce = 16;

    /// <summary>Stores a report; over what is there of it, where that is not the same.</summary>
    public async Task KeepAsync(string tenantId, DiffReport report, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        for (var start = 0; start < report.Pieces.Count; start += PiecesAtOnce)
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            batch.EnterTenant(tenantId);
            for (var i = start; i < Math.Min(start + PiecesAtOnce, report.Pieces.Count); i++)
                batch.Add("""
                    insert into stet.policy_diff_report as kept (tenant_id, diff_digest, piece, lines)
                    values ($1, $2, $3, $4)
                    on conflict (tenant_id, diff_digest, piece) do update set lines = excluded.lines where kept.lines <> excluded.lines
                    """, Scalar(tenantId), Scalar(report.Digest), Scalar(i), Scalar(report.Pieces[i]));
            await batch.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
    }

    /// <summary>A report whose text has its digest; null: there is none.</summary>
    public async Task<DiffReport?> FindAsync(string tenantId, string digest, CancellationToken cancel)
    {
        await using var connection = await connections.Reader.OpenConnectionAsync(cancel);
        await using var batch = connection.BatchFor(tenantId);
        batch.Add("select lines from stet.policy_diff_report where tenant_id = $1 and diff_digest = $2 order by piece",
            Scalar(tenantId), Scalar(digest));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        var pieces = new List<byte[]>();
        while (await rows.ReadAsync(cancel)) pieces.Add(rows.GetFieldValue<byte[]>(0));
        return pieces.Count > 0 && DigestOf(pieces) == digest ? new DiffReport(digest, pieces) : null;
    }

    /// <summary>SHA-256 of the text of all pieces.</summary>
    public static string DigestOf(IReadOnlyList<byte[]> pieces)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var piece in pieces) hash.AppendData(TextOf(piece).Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The text of a piece: whole lines.</summary>
    public static ReadOnlyMemory<byte> TextOf(byte[] piece)
    {
        var text = new ArrayBufferWriter<byte>(piece.Length * 8);
        using var inflated = new BrotliStream(new MemoryStream(piece), CompressionMode.Decompress);
        while (inflated.Read(text.GetSpan(1 << 16)) is var read and > 0) text.Advance(read);
        return text.WrittenMemory;
    }

    /// <summary>The kinds of change that a report contains.</summary>
    public static HashSet<DiffKind> KindsOf(DiffReport report)
    {
        var kinds = new HashSet<DiffKind>();
        var isFirst = true;
        foreach (var piece in report.Pieces)
        {
            var rest = TextOf(piece);
            while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                if (!isFirst) kinds.Add(KindOf(rest[..end]));
                isFirst = false;
                rest = rest[(end + 1)..];
            }
        }

        return kinds;
    }

    static DiffKind KindOf(ReadOnlyMemory<byte> line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        return new DiffKind(
            root.GetProperty("class").GetString()!, root.GetProperty("action").GetString()!, Determining("before"), Determining("after"));

        EquatableArray<string> Determining(string side) => root.TryGetProperty(side, out var result)
            ? [.. result.GetProperty("determining").EnumerateArray().Select(id => id.GetString()!)]
            : [];
    }
}
