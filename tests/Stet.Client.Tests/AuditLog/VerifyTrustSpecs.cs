using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

/// <summary>Policy, age and what is remembered.</summary>
public class VerifyTrustSpecs
{
    static readonly TestKey W1 = TestKey.Witness("witness.example/w1", 0x60);
    static readonly TestKey W2 = TestKey.Witness("witness.example/w2", 0x80);
    static readonly TestLog Log = TestLog.OfSize(600);
    static readonly DateTimeOffset Monday = TestLog.Monday;

    static AuditTrust Needing(int count) => new(
        [AuditKey.Parse(Log.Key.Vkey)], WitnessPolicy.Of([AuditKey.Parse(W1.Vkey), AuditKey.Parse(W2.Vkey)], count));

    [Fact]
    public async Task A_quorum_of_witnesses_has_to_have_cosigned()
    {
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", Log.Note(W2));

        var one = await Verify.FolderAsync(folder, trust: Needing(1));
        var two = await Verify.FolderAsync(folder, trust: Needing(2));

        (one.Outcome, one.Cosigners.Single(), one.NewestCosignature).ShouldBe((AuditOutcome.Verified, W2.Name, Monday));
        two.Outcome.ShouldBe(AuditOutcome.PolicyUnmet);
        two.Problem.ShouldBe("The checkpoint of size 600 bears cosignatures of 1 of 2 trusted witnesses, which is no quorum by the policy.");
    }

    [Fact]
    public async Task A_wrong_signature_of_a_trusted_witness_refutes_even_where_the_quorum_is_met()
    {
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", Log.Note(W1) + W2.Line(Log.Body + "x\n", Monday));

        (await Verify.FolderAsync(folder, trust: Needing(1))).Outcome.ShouldBe(AuditOutcome.Refuted);
        (await Verify.FolderAsync(folder)).Outcome.ShouldBe(AuditOutcome.Verified);
    }

    [Fact]
    public async Task A_checkpoint_is_as_old_as_its_newest_cosignature()
    {
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", Log.Note() + W1.Line(Log.Body, Monday) + W2.Line(Log.Body, Monday.AddHours(-5)));
        var options = new AuditVerifierOptions { MaxAge = TimeSpan.FromHours(1) };

        var young = await Verify.FolderAsync(folder, options, Needing(2), new FixedClock(Monday.AddHours(1)));
        var old = await Verify.FolderAsync(folder, options, Needing(2), new FixedClock(Monday.AddHours(1).AddSeconds(1)));

        young.Outcome.ShouldBe(AuditOutcome.Verified);
        old.Outcome.ShouldBe(AuditOutcome.Stale);
        old.Problem.ShouldBe("The newest cosignature is of 2026-03-02T09:00:00Z, longer ago than allowed.");
    }

    [Fact]
    public async Task A_cosignature_that_is_yet_to_come_gives_no_age()
    {
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", Log.Note() + W1.Line(Log.Body, Monday) + W2.Line(Log.Body, Monday.AddHours(-5)));
        var options = new AuditVerifierOptions { MaxAge = TimeSpan.FromHours(1) };

        var near = await Verify.FolderAsync(folder, options, Needing(2), new FixedClock(Monday.AddMinutes(-5)));
        var far = await Verify.FolderAsync(folder, options, Needing(2), new FixedClock(Monday.AddMinutes(-5).AddSeconds(-1)));

        near.Outcome.ShouldBe(AuditOutcome.Verified);
        far.Outcome.ShouldBe(AuditOutcome.Stale);
        far.Problem.ShouldBe("The newest cosignature is of 2026-03-02T09:00:00Z, which is yet to come: it says nothing of the checkpoint's age.");
    }

    [Fact]
    public async Task Without_a_cosignature_there_is_no_age()
    {
        using var folder = new TestFolder().Export(Log);
        var options = new AuditVerifierOptions { MaxAge = TimeSpan.FromHours(1) };

        (await Verify.FolderAsync(folder, options, Needing(0))).Outcome.ShouldBe(AuditOutcome.Stale);
        (await Verify.FolderAsync(folder, options)).Outcome.ShouldBe(AuditOutcome.Usage);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(255, 600)]
    [InlineData(256, 600)]
    [InlineData(257, 512)]
    [InlineData(512, 600)]
    [InlineData(600, 600)]
    [InlineData(600, 65537)]
    [InlineData(65535, 65792)]
    [InlineData(65536, 65537)]
    public async Task A_log_that_goes_on_extends_what_is_remembered(int before, int after)
    {
        var log = TestLog.OfSize(after);
        using var folder = new TestFolder();
        var options = new AuditVerifierOptions { StateFile = folder.At("state") };

        folder.Export(log.Cut(before));
        (await Verify.FolderAsync(folder, options)).Outcome.ShouldBe(AuditOutcome.Verified);
        folder.Export(log);
        var report = await Verify.FolderAsync(folder, options with { OnlyNewEntries = true });

        (report.Outcome, report.Remembered, report.Problem).ShouldBe((AuditOutcome.Verified, before, null));
        report.Entries.ShouldBe(after - (before / 256 * 256));
        (await File.ReadAllTextAsync(folder.At("state"))).ShouldBe(log.Note());
    }

    [Fact]
    public async Task A_smaller_checkpoint_of_the_same_history_is_stale()
    {
        using var folder = new TestFolder().Export(Log);
        folder.Write("state", Log.Note());
        folder.Export(Log.Cut(300));

        var report = await Verify.FolderAsync(folder, new() { StateFile = folder.At("state"), EvidenceFolder = folder.At("evidence") });

        report.Outcome.ShouldBe(AuditOutcome.Stale);
        report.Problem.ShouldBe("The checkpoint has size 300, smaller than the 600 remembered; it is the front of that history.");
        Directory.Exists(folder.At("evidence")).ShouldBeFalse();
        (await File.ReadAllTextAsync(folder.At("state"))).ShouldBe(Log.Note());
    }

    [Fact]
    public async Task A_log_whose_tail_was_cut_off_is_stale_and_both_notes_are_kept()
    {
        var cut = Log.Cut(300);
        using var folder = new TestFolder().Export(cut);
        folder.Write("state", Log.Note());

        var report = await Verify.FolderAsync(folder, new() { StateFile = folder.At("state"), EvidenceFolder = folder.At("evidence") });

        report.Outcome.ShouldBe(AuditOutcome.Stale);
        Evidence(folder).ShouldBe([cut.Note(), Log.Note()], ignoreOrder: true);
    }

    [Theory]
    [InlineData("tile/0/001")]
    [InlineData("tile/0/002.p/88")]
    [InlineData("tile/1/000.p/2")]
    public async Task A_damaged_tile_is_no_evidence_of_a_second_history(string tile)
    {
        var cut = Log.Cut(300);
        using var folder = new TestFolder().Export(Log).Export(cut);
        folder.Write("state", Log.Note());
        var bytes = await File.ReadAllBytesAsync(folder.At(tile));
        bytes[^1] ^= 1;
        folder.Write(tile, bytes);
        var options = new AuditVerifierOptions { StateFile = folder.At("state"), EvidenceFolder = folder.At("evidence") };

        var flipped = await Verify.FolderAsync(folder, options);
        folder.Write(tile, bytes[1..]);
        var shortened = await Verify.FolderAsync(folder, options);

        foreach (var report in new[] { flipped, shortened })
        {
            report.Outcome.ShouldBe(AuditOutcome.Stale);
            report.Problem!.ShouldContain("cannot be told");
        }

        Evidence(folder).ShouldBe([cut.Note(), Log.Note()], ignoreOrder: true);
        (await File.ReadAllTextAsync(folder.At("state"))).ShouldBe(Log.Note());
    }

    [Fact]
    public async Task A_smaller_second_history_is_a_fork_as_the_remembered_one_shows_and_else_cannot_be_told()
    {
        var forged = TestLog.OfSize(600).With(5, TestLog.Entry(6));
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", forged.Cut(300).Note());
        folder.Write("state", Log.Note());
        var options = new AuditVerifierOptions { StateFile = folder.At("state"), EvidenceFolder = folder.At("evidence") };

        var shown = await Verify.FolderAsync(folder, options);
        folder.Export(forged).Export(forged.Cut(300));
        var rewritten = await Verify.FolderAsync(folder, options);

        shown.Outcome.ShouldBe(AuditOutcome.Fork);
        rewritten.Outcome.ShouldBe(AuditOutcome.Stale);
        rewritten.Problem!.ShouldContain("cannot be told");
        Evidence(folder).ShouldBe([forged.Cut(300).Note(), Log.Note()], ignoreOrder: true);
    }

    [Theory]
    [InlineData(600)]
    [InlineData(700)]
    public async Task A_second_history_is_a_fork_and_both_notes_are_kept(int size)
    {
        var forged = TestLog.OfSize(1000).With(5, TestLog.Entry(6));
        using var folder = new TestFolder().Export(forged.Cut(size));
        folder.Write("state", Log.Note());

        var report = await Verify.FolderAsync(folder, new() { StateFile = folder.At("state"), EvidenceFolder = folder.At("evidence") });

        report.Outcome.ShouldBe(AuditOutcome.Fork);
        report.Problem!.ShouldContain(Convert.ToBase64String(Log.Root));
        Evidence(folder).ShouldBe([forged.Cut(size).Note(), Log.Note()], ignoreOrder: true);
        (await File.ReadAllTextAsync(folder.At("state"))).ShouldBe(Log.Note());
    }

    [Fact]
    public async Task A_fork_whose_evidence_was_given_no_folder_says_how_to_keep_it()
    {
        using var folder = new TestFolder().Export(Log.With(5, TestLog.Entry(6)));
        folder.Write("state", Log.Note());

        var report = await Verify.FolderAsync(folder, new() { StateFile = folder.At("state") });

        report.Outcome.ShouldBe(AuditOutcome.Fork);
        report.Problem!.ShouldEndWith(" Give --evidence DIR to keep both notes.");
    }

    [Fact]
    public async Task Evidence_that_cannot_be_kept_does_not_hide_the_fork()
    {
        using var folder = new TestFolder().Export(Log.With(5, TestLog.Entry(6)));
        folder.Write("state", Log.Note());

        var report = await Verify.FolderAsync(folder, new() { StateFile = folder.At("state"), EvidenceFolder = folder.At("checkpoint") });

        report.Outcome.ShouldBe(AuditOutcome.Fork);
        report.Problem!.ShouldContain("could not be kept");
    }

    [Fact]
    public async Task Nothing_is_remembered_unless_everything_holds()
    {
        using var folder = new TestFolder().Export(Log);
        File.Delete(folder.At("tile/entries/001"));

        var report = await Verify.FolderAsync(folder, new() { StateFile = folder.At("state") });

        report.Outcome.ShouldBe(AuditOutcome.Unavailable);
        File.Exists(folder.At("state")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_remembered_comes_before_content()
    {
        var forged = Log.With(5, TestLog.Entry(6));
        using var folder = new TestFolder().Export(forged);
        folder.Write("state", Log.Note());
        File.Delete(folder.At("tile/entries/000"));

        (await Verify.FolderAsync(folder, new() { StateFile = folder.At("state") })).Outcome.ShouldBe(AuditOutcome.Fork);
    }

    [Fact]
    public async Task A_state_file_that_is_not_of_this_log_is_a_usage_error()
    {
        var other = new TestLog([]) { Key = TestKey.Log("other.example/log") };
        using var folder = new TestFolder().Export(Log);
        var options = new AuditVerifierOptions { StateFile = folder.Write("state", other.Note()) };

        var unknown = await Verify.FolderAsync(folder, options);
        var known = await Verify.FolderAsync(folder, options, new AuditTrust([AuditKey.Parse(Log.Key.Vkey), AuditKey.Parse(TestKey.Log("other.example/log", 0x20).Vkey)]));
        folder.Write("state", "garbage");
        var garbage = await Verify.FolderAsync(folder, options);

        unknown.Outcome.ShouldBe(AuditOutcome.Usage);
        known.Outcome.ShouldBe(AuditOutcome.Usage);
        garbage.Outcome.ShouldBe(AuditOutcome.Usage);
    }

    [Fact]
    public async Task A_state_file_of_another_trusted_log_says_so()
    {
        var otherKey = TestKey.Log("other.example/log", 0x20);
        using var folder = new TestFolder().Export(Log);
        var options = new AuditVerifierOptions { StateFile = folder.Write("state", new TestLog([]) { Key = otherKey }.Note()) };

        var report = await Verify.FolderAsync(folder, options, Verify.Trusting(Log.Key, otherKey));

        report.Outcome.ShouldBe(AuditOutcome.Usage);
        report.Problem!.ShouldContain("remembers the log `other.example/log`");
    }

    [Fact]
    public async Task A_state_file_that_cannot_be_written_is_a_usage_error()
    {
        using var folder = new TestFolder().Export(Log);

        var report = await Verify.FolderAsync(folder, new() { StateFile = folder.At("no/such/folder/state") });

        report.Outcome.ShouldBe(AuditOutcome.Usage);
    }

    static string[] Evidence(TestFolder folder) => [.. Directory.GetFiles(folder.At("evidence")).Select(File.ReadAllText)];

    sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
