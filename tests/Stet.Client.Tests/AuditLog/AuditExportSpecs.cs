using System.Formats.Tar;
using System.Text;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

public class AuditExportSpecs
{
    static readonly TestLog Log = TestLog.OfSize(300);

    [Fact]
    public async Task A_downloaded_log_is_verified_with_its_payloads()
    {
        using var folder = new TestFolder();
        await using var server = Serving(Tar([.. Files(), ("checkpoint", Log.Note())]));

        var files = await DownloadAsync(server, folder);
        var report = await Verify.FolderAsync(folder, new() { PayloadsFile = folder.At("payloads.ndjson") });

        files.ShouldBe(Files().Count + 1);
        (report.Outcome, report.PayloadsIntact).ShouldBe((AuditOutcome.Verified, 300));
        Directory.GetFiles(folder.Root, "*.tmp", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_download_takes_the_place_of_the_first()
    {
        using var folder = new TestFolder();
        folder.Export(Log.Cut(100));
        await using var server = Serving(Tar([.. Files(), ("checkpoint", Log.Note())]));

        await DownloadAsync(server, folder);

        (await Verify.FolderAsync(folder)).Size.ShouldBe(300);
    }

    [Fact]
    public async Task Wherever_it_breaks_off_there_is_no_checkpoint()
    {
        var tar = Tar([.. Files(), ("checkpoint", Log.Note())]);

        // Within a file, within a header, between two files, within the checkpoint.
        foreach (var length in new[] { 0, 100, 512, 3000, tar.Length / 2, tar.Length - 2048 + 10 })
        {
            using var folder = new TestFolder();
            folder.Write("checkpoint", Log.Note());
            await using var server = new TestServer((_, _) => new("200 OK", tar[..length], Promised: tar.Length));

            (await Should.ThrowAsync<AuditException>(DownloadAsync(server, folder))).Outcome.ShouldBe(AuditOutcome.Unavailable);
            File.Exists(folder.At("checkpoint")).ShouldBeFalse($"after {length} bytes");
        }
    }

    [Fact]
    public async Task An_archive_without_a_checkpoint_is_malformed()
    {
        using var folder = new TestFolder();
        await using var server = Serving(Tar(Files()));

        (await Should.ThrowAsync<AuditException>(DownloadAsync(server, folder))).Outcome.ShouldBe(AuditOutcome.Malformed);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("/tmp/evil")]
    [InlineData("tile/../../evil")]
    [InlineData("tile/0/1")]
    [InlineData("other.txt")]
    public async Task Nothing_but_the_files_of_a_log_is_taken_from_an_archive(string name)
    {
        using var folder = new TestFolder();
        await using var server = Serving(Tar([(name, "evil"), ("checkpoint", Log.Note())]));

        var refused = await Should.ThrowAsync<AuditException>(DownloadAsync(server, folder));

        refused.Outcome.ShouldBe(AuditOutcome.Malformed);
        refused.Message.ShouldContain(name);
        Directory.GetFileSystemEntries(folder.Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_link_is_not_taken_from_an_archive()
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "checkpoint") { LinkName = "/etc/passwd" });

        using var folder = new TestFolder();
        await using var server = Serving(archive.ToArray());

        (await Should.ThrowAsync<AuditException>(DownloadAsync(server, folder))).Outcome.ShouldBe(AuditOutcome.Malformed);
        Directory.GetFileSystemEntries(folder.Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_download_that_stalls_is_given_up_and_there_is_no_checkpoint()
    {
        var tar = Tar([.. Files(), ("checkpoint", Log.Note())]);
        foreach (var length in new[] { 0, 700, tar.Length / 2 })
        {
            using var folder = new TestFolder();
            await using var server = new TestServer((_, _) => new("200 OK", tar[..length], Promised: tar.Length, Stalls: true));
            using var client = new HttpClient();

            var given = await Should.ThrowAsync<AuditException>(
                AuditExport.DownloadAsync(client, server.Url, folder.Root, patience: TimeSpan.FromMilliseconds(200)));

            given.Outcome.ShouldBe(AuditOutcome.Unavailable);
            given.Message.ShouldContain("nothing came for 0.2 seconds");
            File.Exists(folder.At("checkpoint")).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_refusal_and_a_folder_that_cannot_be_written_have_their_own_outcomes()
    {
        using var folder = new TestFolder();
        var file = folder.Write("file", "in the way");
        await using var refusing = new TestServer((_, _) => new("403 Forbidden", []));
        await using var serving = Serving(Tar([("checkpoint", Log.Note())]));

        (await Should.ThrowAsync<AuditException>(DownloadAsync(refusing, folder))).Outcome.ShouldBe(AuditOutcome.Unavailable);
        using var client = new HttpClient();
        (await Should.ThrowAsync<AuditException>(AuditExport.DownloadAsync(client, serving.Url, file))).Outcome.ShouldBe(AuditOutcome.Usage);
    }

    internal static TestServer Serving(byte[] tar) => new((path, _) => path == "/v1/log/export" ? Response.Ok(tar) : Response.NotFound);

    static async Task<long> DownloadAsync(TestServer server, TestFolder folder)
    {
        using var client = new HttpClient();
        return await AuditExport.DownloadAsync(client, server.Url, folder.Root);
    }

    static List<(string Name, string Text)> Files() =>
    [
        .. Log.Resources().Where(r => r.Key != "checkpoint").Select(r => (r.Key, Encoding.Latin1.GetString(r.Value))),
        ("payloads.ndjson", Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Log.PayloadLines()))),
        ("keys.json", "{}"),
    ];

    internal static byte[] Tar(List<(string Name, string Text)> files)
    {
        var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                var bytes = name == "checkpoint" ? Encoding.UTF8.GetBytes(text) : Encoding.Latin1.GetBytes(text);
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
            }
        }

        return archive.ToArray();
    }
}
