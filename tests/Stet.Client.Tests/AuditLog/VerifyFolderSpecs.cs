using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

public class VerifyFolderSpecs
{
    static readonly TestLog Log = TestLog.OfSize(600);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(600)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(65537)]
    [InlineData(70000)]
    public async Task A_log_of_any_size_is_verified_entry_by_entry(int size)
    {
        var log = TestLog.OfSize(size);
        using var folder = new TestFolder().Export(log);

        var report = await Verify.FolderAsync(folder);

        report.ShouldBe(new AuditReport(AuditOutcome.Verified)
        {
            Origin = TestLog.Origin,
            Size = size,
            Root = Convert.ToBase64String(log.Root),
            Entries = size,
            Cosigners = report.Cosigners,
        });
    }

    [Fact]
    public async Task Full_tiles_stand_in_for_partial_ones_that_are_gone()
    {
        using var folder = new TestFolder().Export(Log);
        foreach (var (path, bytes) in TestLog.OfSize(768).Resources()) folder.Write(path, bytes);
        folder.Write("checkpoint", Log.Note());
        File.Delete(folder.At("tile/0/002.p/88"));
        File.Delete(folder.At("tile/entries/002.p/88"));

        (await Verify.FolderAsync(folder)).Outcome.ShouldBe(AuditOutcome.Verified);
    }

    [Fact]
    public async Task Entries_that_are_none_of_a_Stet_log_are_refuted_though_signed()
    {
        using var folder = new TestFolder().Export(TestLog.OfTexts(3));

        var report = await Verify.FolderAsync(folder);

        report.Outcome.ShouldBe(AuditOutcome.Refuted);
        report.Problem.ShouldBe("The entry at position 1, in `tile/entries/000.p/3`, has no `actor` that is a known class.");
    }

    [Fact]
    public async Task A_missing_resource_is_named_and_means_unavailable()
    {
        foreach (var path in Log.Resources().Keys)
        {
            var report = await Verify.LogAsync(Log, f => File.Delete(f.At(path)));

            report.Outcome.ShouldBe(AuditOutcome.Unavailable, path);
            report.Problem!.ShouldContain($"`{path}`");
        }
    }

    [Fact]
    public async Task A_resource_with_a_byte_more_or_less_is_malformed()
    {
        foreach (var (path, bytes) in Log.Resources())
        {
            foreach (var changed in new[] { bytes[..^1], [.. bytes, 7] })
            {
                var report = await Verify.LogAsync(Log, f => f.Write(path, changed));

                report.Outcome.ShouldBe(AuditOutcome.Malformed, path);
            }
        }
    }

    /// <summary>Checkpoint and bundles have a format to break; hashes have none.</summary>
    [Fact]
    public void Any_one_changed_byte_anywhere_is_noticed()
    {
        var resources = Log.Resources();
        var change =
            from path in Gen.Elements(resources.Keys.ToArray())
            from at in Gen.Choose(0, resources[path].Length - 1)
            from mask in Gen.Choose(1, 255)
            select (path, at, mask);
        using var folder = new TestFolder().Export(Log);

        Prop.ForAll(change.ToArbitrary(), c =>
        {
            var bytes = resources[c.path].ToArray();
            bytes[c.at] ^= (byte)c.mask;
            folder.Write(c.path, bytes);

            var report = Verify.FolderAsync(folder).GetAwaiter().GetResult();

            folder.Write(c.path, resources[c.path]);
            if (c.path is "checkpoint" || c.path.StartsWith("tile/entries/", StringComparison.Ordinal))
                report.Outcome.ShouldBeOneOf(AuditOutcome.Refuted, AuditOutcome.Malformed);
            else
                report.Outcome.ShouldBe(AuditOutcome.Refuted);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(250));
    }

    [Fact]
    public async Task A_changed_entry_is_named_by_its_position()
    {
        var forged = Log.With(300, TestLog.Entry(301)).Resources();

        var report = await Verify.LogAsync(Log, f => f.Write("tile/entries/001", forged["tile/entries/001"]));

        report.Outcome.ShouldBe(AuditOutcome.Refuted);
        report.Problem.ShouldBe("The entry at position 301, in `tile/entries/001`, is not the one that the tree holds.");
    }

    [Fact]
    public async Task Of_several_findings_the_first_in_the_order_of_the_log_is_named()
    {
        var forged = Log.With(10, TestLog.Entry(11)).Resources();

        var report = await Verify.LogAsync(Log, f =>
        {
            File.Delete(f.At("tile/0/001"));
            f.Write("tile/entries/000", forged["tile/entries/000"]);
        });

        report.Problem.ShouldBe("The entry at position 11, in `tile/entries/000`, is not the one that the tree holds.");
    }

    [Fact]
    public async Task A_whole_other_tree_under_the_signed_checkpoint_is_refuted()
    {
        var forged = Log.With(5, TestLog.Entry(6));

        var report = await Verify.LogAsync(forged, f => f.Write("checkpoint", Log.Note()));

        report.Outcome.ShouldBe(AuditOutcome.Refuted);
        report.Problem.ShouldBe("The partial tiles of size 600 do not fold to the root in the checkpoint.");
    }

    [Fact]
    public async Task Tiles_of_every_level_are_held_against_their_parents()
    {
        var log = TestLog.OfSize(65537);
        var resources = log.Resources();
        using var folder = new TestFolder().Export(log);
        foreach (var path in new[] { "tile/1/000", "tile/0/000", "tile/0/255" })
        {
            folder.Write(path, [.. resources[path][32..], .. resources[path][..32]]);

            var report = await Verify.FolderAsync(folder);

            report.Problem.ShouldBe($"`{path}` does not fold to its slot in its parent tile.");
            folder.Write(path, resources[path]);
        }
    }

    [Fact]
    public async Task Another_key_does_not_open_the_checkpoint()
    {
        using var folder = new TestFolder().Export(Log);

        var otherKey = await Verify.FolderAsync(folder, trust: Verify.Trusting(TestKey.Log(TestLog.Origin, seed: 0x20)));
        var otherName = await Verify.FolderAsync(folder, trust: Verify.Trusting(TestKey.Log("other.example/log")));

        otherKey.Outcome.ShouldBe(AuditOutcome.Refuted);
        otherName.Outcome.ShouldBe(AuditOutcome.Refuted);
        otherKey.Problem.ShouldBe($"The checkpoint of `{TestLog.Origin}` is signed by none of the given keys of that log.");
    }

    [Fact]
    public async Task A_key_signs_for_the_log_of_its_own_name_only()
    {
        var key = TestKey.Log("other.example/log");
        var body = Log.Body;

        var report = await Verify.LogAsync(Log, f => f.Write("checkpoint", $"{body}\n{key.Line(body)}"));

        report.Outcome.ShouldBe(AuditOutcome.Refuted);
    }

    [Fact]
    public async Task Either_key_opens_a_checkpoint_that_both_signed()
    {
        var (older, newer) = (TestKey.Log(TestLog.Origin), TestKey.Log(TestLog.Origin, seed: 0x20));
        using var folder = new TestFolder().Export(Log);
        folder.Write("checkpoint", $"{Log.Body}\n{older.Line(Log.Body)}{newer.Line(Log.Body)}");

        (await Verify.FolderAsync(folder, trust: Verify.Trusting(older))).Outcome.ShouldBe(AuditOutcome.Verified);
        (await Verify.FolderAsync(folder, trust: Verify.Trusting(newer))).Outcome.ShouldBe(AuditOutcome.Verified);
        (await Verify.FolderAsync(folder, trust: Verify.Trusting(older, newer))).Outcome.ShouldBe(AuditOutcome.Verified);
    }

    [Fact]
    public async Task Extension_lines_are_accepted()
    {
        var body = Log.Body + "something new\n";

        var report = await Verify.LogAsync(Log, f => f.Write("checkpoint", $"{body}\n{Log.Key.Line(body)}"));

        report.Outcome.ShouldBe(AuditOutcome.Verified);
    }

    [Fact]
    public async Task Format_is_looked_at_before_signatures_and_both_before_content()
    {
        var body = Log.Body.Replace("600", "0600");
        var malformed = await Verify.LogAsync(Log, f =>
        {
            f.Write("checkpoint", $"{body}\n{TestKey.Log(TestLog.Origin, 9).Line(body)}");
            File.Delete(f.At("tile/0/000"));
        });
        var unsigned = await Verify.LogAsync(Log, f =>
        {
            f.Write("checkpoint", $"{Log.Body}\n{TestKey.Log(TestLog.Origin, 9).Line(Log.Body)}");
            File.Delete(f.At("tile/0/000"));
        });

        malformed.Outcome.ShouldBe(AuditOutcome.Malformed);
        unsigned.Outcome.ShouldBe(AuditOutcome.Refuted);
    }

    [Fact]
    public async Task Cancelling_ends_it()
    {
        using var folder = new TestFolder().Export(Log);
        using var source = AuditLogSource.FromFolder(folder.Root);

        await Should.ThrowAsync<OperationCanceledException>(
            new AuditVerifier(source, Verify.Trust, TimeProvider.System).VerifyAsync(new(), cancel: new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_folder_that_is_no_log_has_no_checkpoint()
    {
        using var folder = new TestFolder();

        var report = await Verify.FolderAsync(folder);

        report.ShouldBe(new AuditReport(AuditOutcome.Unavailable) { Problem = report.Problem, Cosigners = report.Cosigners });
        Encoding.UTF8.GetByteCount(report.Problem!).ShouldBeGreaterThan(0);
    }
}
