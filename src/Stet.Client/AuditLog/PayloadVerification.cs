using System.Buffers;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Holds <c>payloads.ndjson</c>, a line for every position in order, against the entries.</summary>
sealed class PayloadVerification(Commitments commitments)
{
    const int BlockSize = 4 << 20;

    // The largest event is a policy candidate of 16 MiB; escapes may make it longer.
    const int MaxLine = 64 << 20;

    readonly Lock failing = new();
    (long Position, AuditException Exception)? first;
    long next = 1;
    long erased;

    /// <returns>How many payloads are as committed to, and how many erased.</returns>
    /// <exception cref="AuditException">For the first line at which something is wrong.</exception>
    public async Task<(long Intact, long Erased)> RunAsync(Stream payloads, CancellationToken cancel)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            var filled = 0;
            while (await payloads.ReadAtLeastAsync(block.AsMemory(filled), block.Length - filled, throwOnEndOfStream: false, cancel) is > 0 and var read)
            {
                filled += read;
                var whole = block.AsSpan(0, filled).LastIndexOf((byte)'\n') + 1;
                VerifyLines(block.AsMemory(0, whole), cancel);
                block.AsSpan(whole..filled).CopyTo(block);
                filled -= whole;
                if (filled < block.Length) continue;

                if (filled >= MaxLine) throw AuditException.Malformed($"The payload at position {next} is longer than {MaxLine} bytes.");
                var longer = ArrayPool<byte>.Shared.Rent(2 * filled);
                block.AsSpan(0, filled).CopyTo(longer);
                ArrayPool<byte>.Shared.Return(block);
                block = longer;
            }

            if (filled > 0) throw AuditException.Malformed($"The payloads are cut at position {next}: the last line does not end in a newline.");
            if (next <= commitments.Size) throw AuditException.Refuted($"The payload at position {next} is missing.");
            return (commitments.Size - erased, erased);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    void VerifyLines(ReadOnlyMemory<byte> lines, CancellationToken cancel)
    {
        var starts = new List<(int Start, int End)>();
        for (var start = 0; start < lines.Length;)
        {
            var end = start + lines.Span[start..].IndexOf((byte)'\n');
            starts.Add((start, end));
            start = end + 1;
        }

        var position = next;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
        Parallel.For(0, starts.Count, parallel, () => new PayloadCheck(), (i, loop, check) =>
        {
            try
            {
                VerifyLine(lines[starts[i].Start..starts[i].End], position + i, check);
            }
            catch (AuditException e)
            {
                var named = new AuditException(e.Outcome, $"Position {position + i}: {e.Message}", e);
                lock (failing)
                {
                    if (first is null || position + i < first.Value.Position) first = (position + i, named);
                }

                // Lines before this one still get their turn.
                loop.Break();
            }

            return check;
        }, _ => { });

        if (first is { } found) throw found.Exception;
        next += starts.Count;
    }

    void VerifyLine(ReadOnlyMemory<byte> line, long expected, PayloadCheck check)
    {
        const string what = "payload";
        using var document = JsonMembers.Parse(line, what);
        var payload = document.RootElement;
        var position = payload.Integer("position", what);
        if (position > expected && expected <= commitments.Size) throw AuditException.Refuted($"The {what} is missing.");
        if (position != expected || expected > commitments.Size)
            throw AuditException.Malformed($"The payloads hold position {position} where only {expected} of {commitments.Size} can follow.");

        if (!payload.Is("id", commitments.Id(position), what))
            throw AuditException.Refuted($"The {what} names another event than its entry.");

        if (check.Verify(payload, commitments.Commit(position), what) == PayloadState.Intact) return;

        // Which person's key an event was salted with is in no entry, so any later erasure may be the one.
        if (position >= commitments.NewestErasure) throw AuditException.Refuted($"The {what} is said to be erased, and no later entry is an erasure.");
        Interlocked.Increment(ref erased);
    }
}
