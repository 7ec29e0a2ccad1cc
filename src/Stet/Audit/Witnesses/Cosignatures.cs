using Stet.AuditLog;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Audit.Witnesses;

/// <summary>A witness's line under a checkpoint.</summary>
/// <param name="Size">Of the checkpoint.</param>
/// <param name="Witness">The configured name of the witness.</param>
/// <param name="Line">The signature line without its line end.</param>
/// <param name="At">When it was given last.</param>
public sealed record WitnessLine(long Size, string Witness, string Line, DateTimeOffset At);

/// <summary>What witnesses said of the last two sizes of each log that they were asked about, and when to ask again.</summary>
public sealed class Cosignatures(StoreConnections connections, ConfiguredWitnesses witnesses, WitnessLog logger)
{
    readonly VerifierKey[] keys = [.. witnesses.All.Select(w => w.Key)];

    /// <summary>A checkpoint with the lines of witnesses. Left out, with an error, is one that none of them signed under just this text.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="signed">The checkpoint.</param>
    /// <param name="lines">Signature lines, each with its line feed; may be empty.</param>
    internal SignedCheckpoint Add(string tenantId, SignedCheckpoint signed, string lines)
    {
        if (lines.Length == 0) return signed;

        var verified = new List<NoteSignature>();
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Verified(signed.Note.Text, line) is { } signature) verified.Add(signature);
            else logger.NotVerified(tenantId, signed.Size);
        }

        return signed with { Note = signed.Note.With(verified) };
    }

    /// <summary>All of a tenant's epoch, by size and name.</summary>
    public async Task<IReadOnlyList<WitnessLine>> AllAsync(string tenantId, CancellationToken cancel)
    {
        if (witnesses.All.Count == 0) return [];

        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var batch = connection.BatchFor(tenantId);
        batch.Add(
            $"""
            select c.size, c.witness, c.line, c.at from stet.audit_cosignature c cross join {AuditReader.NewestEpoch} l
            where c.tenant_id = $1 and {AuditReader.LineOfEpoch} order by c.size, c.witness
            """, Scalar(tenantId));
        await using var rows = await batch.ExecuteReaderAsync(cancel);
        await rows.NextResultAsync(cancel);
        var all = new List<WitnessLine>();
        while (await rows.ReadAsync(cancel))
            all.Add(new WitnessLine(rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetFieldValue<DateTimeOffset>(3)));
        return all;
    }

    /// <summary>Starts the rounds that are due; no other instance does so within ten seconds.</summary>
    internal async Task<List<string>> StartRoundsAsync(DateTimeOffset now, int most, CancellationToken cancel)
    {
        await using var command = connections.Writer.CreateCommand("select * from stet.audit_start_rounds($1, $2)")
            .With(Scalar(now.UtcDateTime), Scalar(most));
        return await command.ReadTextsAsync(cancel);
    }

    /// <summary>Ends a round: keeps its lines, and forgets those of sizes of the epoch before the last two.</summary>
    /// <param name="tenantId">Whose log.</param>
    /// <param name="size">The size that the witnesses were asked about.</param>
    /// <param name="lines">What came of it.</param>
    /// <param name="next">When to ask again even if the log does not grow.</param>
    /// <param name="cancel">Ends the wait.</param>
    internal async Task FinishRoundAsync(
        string tenantId, long size, IEnumerable<WitnessLine> lines, DateTimeOffset next, CancellationToken cancel)
    {
        await using var connection = await connections.Writer.OpenConnectionAsync(cancel);
        await using var batch = connection.BatchFor(tenantId);
        batch.Add(
            "update stet.audit_round set size = $2, next_at = $3 where tenant_id = $1",
            Scalar(tenantId), Scalar(size), Scalar(next.UtcDateTime));
        foreach (var line in lines)
        {
            batch.Add("""
                insert into stet.audit_cosignature (tenant_id, size, witness, line, at) values ($1, $2, $3, $4, $5)
                on conflict (tenant_id, size, witness) do update set line = excluded.line, at = excluded.at
                """, Scalar(tenantId), Scalar(line.Size), Scalar(line.Witness), Scalar(line.Line), Scalar(line.At.UtcDateTime));
        }

        batch.Add($"""
            delete from stet.audit_cosignature c using {AuditReader.NewestEpoch} l
            where c.tenant_id = $1 and {AuditReader.LineOfEpoch} and c.size < (
                select min(newest.size) from (
                    select distinct c.size from stet.audit_cosignature c
                    where c.tenant_id = $1 and {AuditReader.LineOfEpoch} order by c.size desc limit 2) newest)
            """, Scalar(tenantId));
        await batch.ExecuteNonQueryAsync(cancel);
    }

    NoteSignature? Verified(string text, string line)
    {
        try
        {
            var signature = NoteSignature.Parse(line);
            return new SignedNote(text, [signature]).TryOpen(keys, out _, out _) ? signature : null;
        }
        catch (AuditLogFormatException)
        {
            return null;
        }
    }
}
