using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;
using Stet.Pcs;

namespace Stet.Client.Tests.Pcs;

public class ShardAgentSpecs
{
    const string Header = "timestamp,x,y,z\n";

    [Fact]
    public async Task A_later_row_closes_an_epoch_and_the_last_one_stays_open()
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + "0,1,1,1\n9.5,2,2,2\n10,3,3,3\n35,4,4,4\n");

        var documents = await FollowAsync(folder, EpochRule.BySeconds(10), documents: 2);

        documents.Select(d => (d.Epoch, d.Delivery.OutboxSeq)).ShouldBe([(0, 1), (1, 2)]);
        Checkpoint(folder).ShouldBe(new OutboxCheckpoint(folder.At("rows.csv"), 43, 1));
    }

    [Fact]
    public async Task Rows_of_a_closed_epoch_are_dropped_and_the_next_document_says_so()
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + "10,1,1,1\n20,2,2,2\n5,9,9,9\n19,9,9,9\n21,3,3,3\n30,4,4,4\n40,5,5,5\n");

        var documents = await FollowAsync(folder, EpochRule.BySeconds(10), documents: 3);

        documents.Select(d => (d.Epoch, string.Join(',', d.Delivery.Fallbacks))).ShouldBe([(1, ""), (2, "late_rows"), (3, "")]);
        documents[1].ShouldBe(
            documents[1] with { MerkleRoot = RootOf("20.000000000,2,2,2\n21.000000000,3,3,3") });
    }

    [Fact]
    public async Task Epochs_of_a_number_of_rows_count_from_one()
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + string.Concat(Enumerable.Range(0, 7).Select(i => $"{i},{i},1,1\n")));

        (await FollowAsync(folder, EpochRule.ByRows(3), documents: 2)).Select(d => d.Epoch).ShouldBe([1, 2]);
        File.AppendAllText(folder.At("rows.csv"), "7,7,1,1\n8,8,1,1\n");
        (await FollowAsync(folder, EpochRule.ByRows(3), documents: 3)).Select(d => (d.Epoch, d.MerkleRoot)).Last()
            .ShouldBe((3, RootOf("6.000000000,6,1,1\n7.000000000,7,1,1\n8.000000000,8,1,1")));
    }

    [Fact]
    public async Task An_idle_epoch_ends_by_itself_and_what_comes_later_is_late()
    {
        using var folder = new TestFolder();
        var rule = EpochRule.BySeconds(10, TimeSpan.FromMilliseconds(50));
        folder.Write("rows.csv", Header + "0,1,1,1\n1,2,2,2\n");

        (await FollowAsync(folder, rule, documents: 1)).Single().Epoch.ShouldBe(0);
        File.AppendAllText(folder.At("rows.csv"), "2,3,3,3\n12,4,4,4\n");
        var documents = await FollowAsync(folder, rule, documents: 2);

        (documents[1].Epoch, documents[1].Delivery.Fallbacks).ShouldBe((1, ["late_rows"]));
        Checkpoint(folder)!.Offset.ShouldBe(new FileInfo(folder.At("rows.csv")).Length);
    }

    [Fact]
    public async Task An_epoch_whose_checkpoint_was_torn_off_is_not_repeated()
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + "0,1,1,1\n10,3,3,3\n20,4,4,4\n");
        await FollowAsync(folder, EpochRule.BySeconds(10), documents: 2);
        var whole = File.ReadAllBytes(folder.At("outbox"));

        for (var cut = 1; cut < 30; cut++)
        {
            folder.Write("outbox", whole[..^cut]);
            var documents = await FollowAsync(folder, EpochRule.BySeconds(10), documents: 2, until: () => Checkpoint(folder)?.Epoch == 1);
            documents.Select(d => d.Epoch).ShouldBe([0, 1]);
            Checkpoint(folder).ShouldBe(new OutboxCheckpoint(folder.At("rows.csv"), 33, 1));
        }
    }

    [Fact]
    public async Task An_idle_epoch_whose_checkpoint_was_torn_off_is_not_made_again_from_more_rows()
    {
        using var folder = new TestFolder();
        var rule = EpochRule.BySeconds(10, TimeSpan.FromMilliseconds(50));
        folder.Write("rows.csv", Header + "0,1,1,1\n1,2,2,2\n");
        await FollowAsync(folder, rule, documents: 1);
        folder.Write("outbox", File.ReadAllBytes(folder.At("outbox"))[..^1]);

        File.AppendAllText(folder.At("rows.csv"), "2,3,3,3\n12,4,4,4\n");
        var documents = await FollowAsync(folder, rule, documents: 2);

        documents.Select(d => (d.Epoch, string.Join(',', d.Delivery.Fallbacks))).ShouldBe([(0, ""), (1, "late_rows")]);
        Checkpoint(folder)!.Epoch.ShouldBe(1);
    }

    [Fact]
    public async Task The_same_epoch_of_another_source_is_not_taken_for_one_whose_checkpoint_was_torn_off()
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + "0,1,1,1\n");
        await FollowAsync(folder, EpochRule.ByRows(1), documents: 1);

        folder.Write("other.csv", Header + "5,2,2,2\n");
        (await FollowAsync(folder, EpochRule.ByRows(1), documents: 2, source: "other.csv")).Select(d => d.Epoch).ShouldBe([1, 1]);
    }

    [Fact]
    public async Task A_document_that_no_source_brought_is_not_taken_for_the_same_epoch_of_one()
    {
        using var folder = new TestFolder();
        await EnqueueAsync(folder, epoch: 1, checkpoint: null);
        folder.Write("rows.csv", Header + "0,1,1,1\n1,2,2,2\n");

        (await FollowAsync(folder, EpochRule.ByRows(1), documents: 3))
            .Select(d => (d.Epoch, d.Delivery.Degraded)).ShouldBe([(1, false), (1, false), (2, false)]);
    }

    [Fact]
    public async Task A_document_that_was_sent_is_not_taken_for_an_idle_epoch()
    {
        using var folder = new TestFolder();
        await EnqueueAsync(folder, epoch: 1, new OutboxCheckpoint("", 0, 1));
        folder.Write("rows.csv", Header + "0,1,1,1\n1,2,2,2\n");

        (await FollowAsync(folder, EpochRule.ByRows(1, TimeSpan.FromHours(1)), documents: 3))
            .Select(d => (d.Epoch, d.Delivery.Degraded)).ShouldBe([(1, false), (1, false), (2, false)]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1.0)]
    public async Task Two_sources_of_a_shard_take_turns_and_none_loses_an_epoch(double? idleHours)
    {
        using var folder = new TestFolder();
        var rule = EpochRule.ByRows(1, idleHours is { } hours ? TimeSpan.FromHours(hours) : null);
        folder.Write("rows.csv", Header + Rows(0, 3));
        folder.Write("other.csv", Header + Rows(10, 5));
        await FollowAsync(folder, rule, documents: 3);
        await FollowAsync(folder, rule, documents: 8, source: "other.csv");

        File.AppendAllText(folder.At("rows.csv"), Rows(3, 3));
        (await FollowAsync(folder, rule, documents: 11)).Select(d => d.Epoch).ShouldBe([1, 2, 3, 1, 2, 3, 4, 5, 4, 5, 6]);
    }

    [Fact]
    public async Task Only_the_first_epoch_after_the_place_that_is_known_can_have_lost_its_checkpoint()
    {
        using var folder = new TestFolder();
        await EnqueueAsync(folder, epoch: 2, checkpoint: null);
        folder.Write("rows.csv", Header + Rows(0, 3));

        (await FollowAsync(folder, EpochRule.ByRows(1, TimeSpan.FromHours(1)), documents: 4))
            .Select(d => d.Epoch).ShouldBe([2, 1, 2, 3]);
    }

    [Fact]
    public async Task Wherever_the_outbox_is_cut_no_epoch_is_lost_or_repeated()
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + string.Concat(Enumerable.Range(0, 6).Select(i => $"{i},{i}.5,1,1\n")));
        var expected = (await FollowAsync(folder, EpochRule.ByRows(2), documents: 3)).Select(d => (d.Epoch, d.PcsId, d.Delivery.OutboxSeq)).ToList();
        var whole = File.ReadAllBytes(folder.At("outbox"));

        for (var cut = OutboxFormat.HeaderSize; cut < whole.Length; cut += 41)
        {
            folder.Write("outbox", whole[..cut]);
            (await FollowAsync(folder, EpochRule.ByRows(2), documents: 3, until: () => Checkpoint(folder)?.Epoch == 3))
                .Select(d => (d.Epoch, d.PcsId, d.Delivery.OutboxSeq)).ShouldBe(expected);
        }
    }

    [Fact]
    public async Task Documents_of_1_0_are_signed_with_their_number()
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + "0,1,1,1\n10,3,3,3\n");

        var document = (await FollowAsync(folder, EpochRule.BySeconds(10), documents: 1, plan: Documents.PlanOfV10)).Single();

        Documents.PlanOfV10.Key.Sign(document).ShouldBe(document);
        document.Delivery.OutboxSeq.ShouldBe(1);
    }

    [Theory]
    [InlineData("-1,1,1,1\n")]
    [InlineData("1e300,1,1,1\n")]
    [InlineData("0,1,1\n")]
    public async Task A_row_that_belongs_nowhere_ends_it(string row)
    {
        using var folder = new TestFolder();
        folder.Write("rows.csv", Header + row);
        await using var outbox = Outbox.Open(folder.At("outbox"), TimeProvider.System);
        var agent = new ShardAgent(outbox, Documents.Plan, EpochRule.BySeconds(10), TimeProvider.System, () => TimeSpan.Zero);

        await Should.ThrowAsync<AgentException>(() => agent.FollowAsync(folder.At("rows.csv"), null, CancellationToken.None));
    }

    [Fact]
    public void An_epoch_rule_has_to_end_epochs()
    {
        Should.Throw<AgentException>(() => EpochRule.BySeconds(0));
        Should.Throw<AgentException>(() => EpochRule.ByRows(0));
        typeof(EpochRule).GetConstructors().ShouldBeEmpty();
    }

    /// <summary>Follows until so many documents are there, and reads them.</summary>
    static async Task<List<PcsDocument>> FollowAsync(
        TestFolder folder, EpochRule rule, int documents, Func<bool>? until = null, PcsPlan? plan = null,
        string source = "rows.csv")
    {
        await using var outbox = Outbox.Open(folder.At("outbox"), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var agent = new ShardAgent(outbox, plan ?? Documents.Plan, rule, TimeProvider.System, () => TimeSpan.Zero);
        var progress = new OneLookMore(() => outbox.Counts.Pending >= documents && until?.Invoke() != false, stop);
        await agent.FollowAsync(folder.At(source), progress, stop.Token);

        var seen = new List<long>();
        var all = new List<PcsDocument>();
        while (outbox.NextPending(seen) is { } next)
        {
            seen.Add(next.Seq);
            all.Add(Documents.Read(next.Document));
        }

        return all;
    }

    static async Task EnqueueAsync(TestFolder folder, long epoch, OutboxCheckpoint? checkpoint)
    {
        await using var outbox = Outbox.Open(folder.At("outbox"), TimeProvider.System);
        await outbox.EnqueueAsync(seq => Documents.Of(epoch).ToJson(), checkpoint);
    }

    static string Rows(int from, int count) => string.Concat(Enumerable.Range(from, count).Select(i => $"{i},{i},1,1\n"));

    static OutboxCheckpoint? Checkpoint(TestFolder folder)
    {
        using var listing = OutboxListing.Read(folder.At("outbox"));
        return listing.Checkpoints.SingleOrDefault();
    }

    static string RootOf(string stream)
    {
        var tree = new MerkleTree(PcsVersion.V01);
        foreach (var chunk in System.Text.Encoding.ASCII.GetBytes(stream).Chunk(64)) tree.AddLeaf(chunk);
        return tree.Root();
    }

    /// <summary>Stops an agent that has looked at its source once more since it was done: it would have seen a row too many.</summary>
    sealed class OneLookMore(Func<bool> isDone, CancellationTokenSource stop) : IProgress<AgentProgress>
    {
        bool wasDone;

        public void Report(AgentProgress value)
        {
            if (wasDone) stop.Cancel();
            wasDone = isDone();
        }
    }
}
