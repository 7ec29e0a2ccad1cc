using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;

namespace Stet.Client.Tests.Pcs;

public class OutboxSpecs
{
    static readonly OutboxReceipt accepted = new(200, "ACCEPTED", 1);

    static readonly OutboxVerdict refused = new(409, "pcs_equivocation", "other content", 1);

    [Fact]
    public async Task What_an_append_returned_for_is_there_after_a_new_start()
    {
        using var folder = new TestFolder();
        await using (var outbox = Open(folder))
        {
            foreach (var text in (string[])["one", "two", "three"]) await EnqueueAsync(outbox, text);
            await outbox.AckAsync(1, accepted);
            await outbox.BuryAsync(2, refused);
        }

        await using var again = Open(folder);
        (again.Counts.Pending, again.Counts.Dead, again.Counts.Acked).ShouldBe((1, 1, 1));
        Encoding.UTF8.GetString(again.NextPending([])!.Value.Document).ShouldBe("three");
        (await EnqueueAsync(again, "four")).ShouldBe(4);
    }

    [Fact]
    public async Task Appends_that_come_at_once_get_numbers_of_their_own_in_the_order_of_the_file()
    {
        using var folder = new TestFolder();
        await using (var outbox = Open(folder))
        {
            var seqs = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Task.Run(() =>
                outbox.EnqueueAsync(seq => Encoding.UTF8.GetBytes($"{seq}")))));
            seqs.Order().ShouldBe(Enumerable.Range(1, 300).Select(i => (long)i));
        }

        using var listing = OutboxListing.Read(folder.At("outbox"));
        listing.Counts.Pending.ShouldBe(300);
        await using var again = Open(folder);
        var seen = new List<long>();
        while (again.NextPending(seen) is { } next)
        {
            Encoding.UTF8.GetString(next.Document).ShouldBe($"{next.Seq}");
            seen.Add(next.Seq);
        }

        seen.ShouldBe(Enumerable.Range(1, 300).Select(i => (long)i));
    }

    [Fact]
    public async Task A_second_process_is_told_that_the_outbox_is_in_use()
    {
        using var folder = new TestFolder();
        await using (Open(folder)) Should.Throw<OutboxException>(() => Open(folder)).Message.ShouldContain("in use");

        await using var again = Open(folder);
        again.Counts.Pending.ShouldBe(0);
    }

    [Fact]
    public async Task A_document_that_cannot_be_made_leaves_no_trace()
    {
        using var folder = new TestFolder();
        await using var outbox = Open(folder);

        await Should.ThrowAsync<InvalidOperationException>(() => outbox.EnqueueAsync(_ => throw new InvalidOperationException("no key")));
        await Should.ThrowAsync<AgentException>(() => outbox.EnqueueAsync(_ => new byte[OutboxFormat.GreatestPayload + 1]));
        await Should.ThrowAsync<OperationCanceledException>(() => outbox.EnqueueAsync(_ => [1], cancel: new CancellationToken(true)));

        (await outbox.EnqueueAsync(_ => new byte[OutboxFormat.GreatestPayload])).ShouldBe(1);
        outbox.Counts.Pending.ShouldBe(1);
    }

    [Fact]
    public async Task Dead_letters_can_be_revived_and_nothing_else()
    {
        using var folder = new TestFolder();
        await using var outbox = Open(folder);
        foreach (var text in (string[])["one", "two", "three"]) await EnqueueAsync(outbox, text);
        await outbox.BuryAsync(1, refused);
        await outbox.BuryAsync(2, refused);

        (await Should.ThrowAsync<AgentException>(() => outbox.RetryAsync([1, 3]))).Message.ShouldContain("3 is not");
        outbox.Counts.Dead.ShouldBe(2);

        (await outbox.RetryAsync([2, 2])).ShouldBe(1);
        (await outbox.RetryAsync(null)).ShouldBe(1);
        (await outbox.RetryAsync(null)).ShouldBe(0);
        (outbox.Counts.Pending, outbox.Counts.Dead).ShouldBe((3, 0));
    }

    [Fact]
    public async Task A_listing_beside_the_agent_says_what_became_of_each_document()
    {
        using var folder = new TestFolder();
        await using var outbox = Open(folder);
        var document = Documents.Of(epoch: 7);
        for (var i = 0; i < 3; i++) await outbox.EnqueueAsync(document);
        await outbox.BuryAsync(2, refused);
        await outbox.AckAsync(3, accepted);
        await outbox.KeepAsync(new OutboxCheckpoint("events.csv", 100, 7));

        using var listing = OutboxListing.Read(outbox.Path);
        var pending = new OutboxEntry(1, OutboxState.Pending, Monday, document.PcsId, "shard-001", 7);
        listing.Entries().ShouldBe(
        [
            pending,
            pending with
            {
                Seq = 2, State = OutboxState.Dead, DecidedAt = Monday, Status = 409, Code = "pcs_equivocation", Detail = "other content", Attempts = 1,
            },
            pending with { Seq = 3, State = OutboxState.Acked, DecidedAt = Monday, Status = 200, Outcome = "ACCEPTED", Position = 1 },
        ]);
        listing.Entries(OutboxState.Dead).Select(e => e.Seq).ShouldBe([2]);
        listing.Checkpoints.ShouldBe([new OutboxCheckpoint("events.csv", 100, 7)]);
    }

    [Fact]
    public async Task Compaction_keeps_what_is_not_settled_and_the_deliveries_of_two_weeks()
    {
        using var folder = new TestFolder();
        var clock = new SetClock(Monday);
        await using (var outbox = Outbox.Open(folder.At("outbox"), clock))
        {
            foreach (var text in (string[])["old", "new", "dead", "pending"]) await EnqueueAsync(outbox, text);
            await outbox.AckAsync(1, accepted);
            clock.Now += Outbox.AckedLifetime + TimeSpan.FromSeconds(1);
            await outbox.AckAsync(2, accepted);
            await outbox.BuryAsync(3, refused);
            await outbox.KeepAsync(new OutboxCheckpoint("a.csv", 1, 1));
            await outbox.KeepAsync(new OutboxCheckpoint("a.csv", 2, 2));
            await outbox.KeepAsync(new OutboxCheckpoint("b.csv", 3, 3));

            await outbox.CompactAsync();
            (await EnqueueAsync(outbox, "later")).ShouldBe(5);
        }

        using (var listing = OutboxListing.Read(folder.At("outbox")))
        {
            listing.Entries().Select(e => (e.Seq, e.State)).ShouldBe(
                [(4, OutboxState.Pending), (5, OutboxState.Pending), (3, OutboxState.Dead), (2, OutboxState.Acked)]);
            listing.Checkpoints.ShouldBe([new OutboxCheckpoint("a.csv", 2, 2), new OutboxCheckpoint("b.csv", 3, 3)]);
        }

        OutboxFormat.TryReadHeader(File.ReadAllBytes(folder.At("outbox")), out var baseSeq).ShouldBeTrue();
        baseSeq.ShouldBe(5);
        File.Exists(folder.At("outbox.new")).ShouldBeFalse();
    }

    [Fact]
    public async Task Numbers_go_on_after_everything_was_compacted_away()
    {
        using var folder = new TestFolder();
        var clock = new SetClock(Monday);
        await using (var outbox = Outbox.Open(folder.At("outbox"), clock))
        {
            await EnqueueAsync(outbox, "one");
            await outbox.AckAsync(1, accepted);
            clock.Now += TimeSpan.FromDays(15);
            await outbox.CompactAsync();
            outbox.Counts.Bytes.ShouldBe(OutboxFormat.HeaderSize);
        }

        await using var again = Open(folder);
        (await EnqueueAsync(again, "two")).ShouldBe(2);
    }

    [Fact]
    public async Task Appends_go_on_while_the_file_is_compacted()
    {
        using var folder = new TestFolder();
        await using (var outbox = Open(folder))
        {
            var appending = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                for (var i = 0; i < 50; i++)
                {
                    var seq = await outbox.EnqueueAsync(seq => Encoding.UTF8.GetBytes($"{seq}"));
                    if (seq % 2 == 0) await outbox.AckAsync(seq, accepted);
                }
            })));
            while (!appending.IsCompleted) await outbox.CompactAsync();
            await appending;
            (outbox.Counts.Pending, outbox.NextPending([])!.Value.Seq).ShouldBe((100, 1));
        }

        await using var again = Open(folder);
        (again.Counts.Pending, again.Counts.Acked).ShouldBe((100, 100));
    }

    [Fact]
    public async Task A_compaction_that_was_cut_short_at_any_byte_leaves_the_old_file()
    {
        using var folder = new TestFolder();
        await using (var outbox = Open(folder)) await EnqueueAsync(outbox, "one");
        var before = File.ReadAllBytes(folder.At("outbox"));

        for (var length = 0; length <= before.Length; length += 5)
        {
            folder.Write("outbox.new", before[..length]);
            await using (var outbox = Open(folder)) outbox.Counts.Pending.ShouldBe(1);
            File.Exists(folder.At("outbox.new")).ShouldBeFalse();
            File.ReadAllBytes(folder.At("outbox")).ShouldBe(before);
        }
    }

    [Fact]
    public void What_is_no_outbox_is_refused_and_left_alone()
    {
        using var folder = new TestFolder();
        foreach (var content in (byte[][])[[], [1], new byte[31], new byte[32], new byte[100], "timestamp,x,y,z\n1,2,3,4\n5,6,7,8\n"u8.ToArray()])
        {
            var path = folder.Write("outbox", content);
            Should.Throw<OutboxException>(() => Open(folder)).Message.ShouldContain("no outbox");
            Should.Throw<OutboxException>(() => OutboxListing.Read(path));
            File.ReadAllBytes(path).ShouldBe(content);
        }

        Should.Throw<OutboxException>(() => OutboxListing.Read(folder.At("absent")));
        Should.Throw<OutboxException>(() => Outbox.Open(folder.Root, TimeProvider.System));
    }

    [Fact]
    public async Task After_it_was_closed_it_takes_nothing()
    {
        using var folder = new TestFolder();
        var outbox = Open(folder);
        await outbox.DisposeAsync();

        await Should.ThrowAsync<ObjectDisposedException>(() => EnqueueAsync(outbox, "one"));
        Should.Throw<ObjectDisposedException>(() => outbox.NextPending([]));
    }

    [Fact]
    public void Files_damaged_at_random_open_or_are_refused_with_the_one_exception()
    {
        using var folder = new TestFolder();
        var whole = Sample(folder);
        var damage =
            from at in Gen.Choose(0, whole.Length - 1)
            from length in Gen.Choose(0, 40)
            from bytes in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(length)
            from isInsertion in Gen.Elements(true, false)
            select whole.Take(at).Concat(bytes).Concat(whole.Skip(isInsertion ? at : at + length)).ToArray();
        var noise = Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(400).Select(b => whole.Take(32).Concat(b).ToArray());

        Prop.ForAll(Gen.OneOf(damage, noise).ToArbitrary(), bytes =>
        {
            var path = folder.Write("fuzzed", bytes);
            try
            {
                using (var listing = OutboxListing.Read(path)) listing.Entries().Count().ShouldBeGreaterThanOrEqualTo(0);
                Outbox.Open(path, TimeProvider.System).DisposeAsync().AsTask().Wait();
                // What opened once, and was cut, is whole now.
                Outbox.Open(path, TimeProvider.System).DisposeAsync().AsTask().Wait();
            }
            catch (OutboxException)
            {
                File.ReadAllBytes(path).ShouldBe(bytes);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    [Fact]
    public void Valid_records_that_make_no_sense_are_refused()
    {
        using var folder = new TestFolder();
        (OutboxRecordType Type, long Seq, string Payload)[] all =
        [
            ((OutboxRecordType)9, 1, ""), (OutboxRecordType.Enqueue, 0, "x"), (OutboxRecordType.Enqueue, -1, "x"),
            (OutboxRecordType.Enqueue, long.MaxValue, "x"), (OutboxRecordType.Retry, 1, "x"),
            (OutboxRecordType.Checkpoint, 1, """{"source":"a","offset":1,"epoch":1}"""), (OutboxRecordType.Checkpoint, 0, """{"source":"a"}"""),
            (OutboxRecordType.Checkpoint, 0, "no JSON"), (OutboxRecordType.Checkpoint, 0, """{"source":"\ud800","offset":1,"epoch":1}"""),
        ];
        foreach (var (type, seq, payload) in all)
        {
            var record = new System.Buffers.ArrayBufferWriter<byte>();
            OutboxFormat.Write(record, type, seq, 0, Encoding.UTF8.GetBytes(payload));
            folder.Write("outbox", [.. OutboxFormat.Header(1, 0), .. record.WrittenSpan]);
            Should.Throw<OutboxException>(() => Open(folder)).Message.ShouldContain("byte 32");
        }
    }

    static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    static Outbox Open(TestFolder folder) => Outbox.Open(folder.At("outbox"), new SetClock(Monday));

    static Task<long> EnqueueAsync(Outbox outbox, string text) => outbox.EnqueueAsync(_ => Encoding.UTF8.GetBytes(text));

    static byte[] Sample(TestFolder folder)
    {
        var outbox = Open(folder);
        for (var i = 0; i < 6; i++) EnqueueAsync(outbox, $$"""{"pcs_id":"{{i}}"}""").Wait();
        outbox.AckAsync(1, accepted).Wait();
        outbox.BuryAsync(2, refused).Wait();
        outbox.KeepAsync(new OutboxCheckpoint("a.csv", 1, 1)).Wait();
        outbox.DisposeAsync().AsTask().Wait();
        return File.ReadAllBytes(outbox.Path);
    }

    sealed class SetClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
