using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;

namespace Stet.Client.Tests.Pcs;

public class OutboxVectorSpecs
{
    static readonly JsonElement vectors = PcsVectors.Of("outbox");

    static readonly byte[] header = vectors.Hex("header_hex");

    static readonly byte[][] records = [.. vectors.GetProperty("records").EnumerateArray().Select(r => r.Hex("hex"))];

    static readonly byte[] whole = [.. header, .. records.SelectMany(r => r)];

    [Fact]
    public void The_checksum_is_CRC32C() =>
        OutboxFormat.Checksum("1234567"u8, "89"u8).ToString("x8").ShouldBe(vectors.Text("crc32c_of_123456789"));

    [Fact]
    public async Task The_outbox_writes_the_bytes_of_the_vectors()
    {
        using var folder = new TestFolder();
        var start = OutboxTime.Read(BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)));
        await using (var outbox = Outbox.Open(folder.At("outbox"), new TickingClock(start)))
        {
            (await outbox.EnqueueAsync(_ => Encoding.UTF8.GetBytes("""{"a":1}"""))).ShouldBe(1);
            await outbox.AckAsync(1, new OutboxReceipt(200, "ACCEPTED", 42));
            (await outbox.EnqueueAsync(_ => Encoding.UTF8.GetBytes("""{"b":2}"""))).ShouldBe(2);
            await outbox.BuryAsync(2, new OutboxVerdict(401, "SIGNATURE_INVALID", null, 1));
            (await outbox.RetryAsync(null)).ShouldBe(1);
            await outbox.KeepAsync(new OutboxCheckpoint("a.csv", 1024, 7));
        }

        File.ReadAllBytes(folder.At("outbox")).ShouldBe(whole);
    }

    [Fact]
    public async Task The_file_of_the_vectors_comes_to_their_state()
    {
        using var folder = new TestFolder();
        await using var outbox = Outbox.Open(folder.Write("outbox", whole), TimeProvider.System);

        outbox.Counts.ShouldBe(new OutboxCounts(Pending: 1, Dead: 0, Acked: 1, whole.Length));
        outbox.NextPending([])!.Value.Seq.ShouldBe(2);
        outbox.NextPending([])!.Value.Document.ShouldBe("""{"b":2}"""u8.ToArray());
        outbox.Checkpoint("a.csv").ShouldBe(new OutboxCheckpoint("a.csv", 1024, 7));
        (await outbox.EnqueueAsync(_ => [1])).ShouldBe(vectors.GetProperty("state_after").GetProperty("next_seq").GetInt64());
    }

    [Fact]
    public async Task A_file_cut_at_any_byte_opens_with_the_records_before()
    {
        using var folder = new TestFolder();
        for (var cut = header.Length; cut <= whole.Length; cut++)
        {
            foreach (var zeros in (int[])[0, 1, 40])
            {
                var path = folder.Write("outbox", [.. whole[..cut], .. new byte[zeros]]);
                await using var outbox = Outbox.Open(path, TimeProvider.System);

                outbox.Counts.Bytes.ShouldBe(EndOfWholeRecords(cut, zeros));
                outbox.Counts.Bytes.ShouldBe(new FileInfo(path).Length);
                outbox.TornBytes.ShouldBe(cut + zeros - outbox.Counts.Bytes);
                (await outbox.EnqueueAsync(_ => [7])).ShouldBe(Highest(cut, zeros) + 1);
            }
        }
    }

    [Fact]
    public void A_changed_bit_before_other_records_is_damage_that_is_named_and_left_alone()
    {
        using var folder = new TestFolder();
        var start = header.Length + records.Take(3).Sum(r => r.Length);
        for (var bit = 0; bit < 8 * records[3].Length; bit++)
        {
            var damaged = whole.ToArray();
            damaged[start + (bit / 8)] ^= (byte)(1 << (bit % 8));
            var path = folder.Write("outbox", damaged);

            Should.Throw<OutboxException>(() => Outbox.Open(path, TimeProvider.System)).Message.ShouldContain($"byte {start}");
            File.ReadAllBytes(path).ShouldBe(damaged);
        }
    }

    [Fact]
    public async Task A_changed_bit_in_the_last_record_is_cut_off_or_refused()
    {
        using var folder = new TestFolder();
        var start = whole.Length - records[^1].Length;
        for (var bit = 0; bit < 8 * records[^1].Length; bit++)
        {
            var damaged = whole.ToArray();
            damaged[start + (bit / 8)] ^= (byte)(1 << (bit % 8));
            var path = folder.Write("outbox", damaged);
            try
            {
                await using var outbox = Outbox.Open(path, TimeProvider.System);
                outbox.Counts.Bytes.ShouldBe(start);
            }
            catch (OutboxException e)
            {
                e.Message.ShouldContain($"byte {start}");
                File.ReadAllBytes(path).ShouldBe(damaged);
            }
        }
    }

    static int EndOfWholeRecords(int cut, int zeros)
    {
        var end = header.Length;
        foreach (var record in records)
        {
            // Zeros can stand in for those that a record ends with.
            var there = Math.Min(record.Length, cut - end + zeros);
            byte[] found = [.. whole[end..Math.Max(end, Math.Min(cut, end + record.Length))], .. new byte[record.Length]];
            if (there < record.Length || !found.AsSpan(0, record.Length).SequenceEqual(record)) break;
            end += record.Length;
        }

        return end;
    }

    static long Highest(int cut, int zeros)
    {
        var (end, highest) = (header.Length, 0L);
        foreach (var record in records)
        {
            if (end + record.Length > EndOfWholeRecords(cut, zeros)) break;
            end += record.Length;
            highest = Math.Max(highest, BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(9)));
        }

        return highest;
    }
}
