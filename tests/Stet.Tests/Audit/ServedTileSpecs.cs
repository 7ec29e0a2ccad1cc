using System.IO.Compression;
using System.Net;
using Stet.AuditLog;
using Stet.Testing;

namespace Stet.Tests.Audit;

public class ServedTileSpecs
{
    [Fact]
    public async Task Every_tile_of_a_growing_log_is_what_a_naive_tree_says()
    {
        var log = LogClient.New(await TestService.SharedAsync());
        var size = 0L;
        foreach (var grow in (int[])[1, 1, 253, 1, 1, 254, 1, 1])
        {
            size = await log.RecordAsync(grow);
            var checkpoint = await log.CheckpointAsync($"?min_position={size}");
            checkpoint.Size.ShouldBe(size);

            var tree = NaiveTree.Of(await log.EntriesAsync(size));
            tree.Size.ShouldBe((int)size);
            checkpoint.Root.ToArray().ShouldBe(tree.Root((int)size));
            foreach (var tile in Tile.Of(size).Where(t => !t.IsEntries))
            {
                var served = await log.GetAsync(tile.Path);
                served.Status.ShouldBe(HttpStatusCode.OK, tile.Path);
                served.Body.ShouldBe(tree.Tile(tile.Level, (int)tile.Index, tile.Width), tile.Path);
            }
        }

        size.ShouldBe(513);
    }

    [Fact]
    public async Task Every_width_up_to_what_is_covered_is_a_prefix_of_the_full_tile()
    {
        var log = await OfAsync(257);
        var full = (await log.GetAsync("tile/0/000")).Body;
        full.Length.ShouldBe(256 * 32);

        foreach (var width in (int[])[1, 2, 17, 255])
            (await log.GetAsync($"tile/0/000.p/{width}")).Body.ShouldBe(full[..(width * 32)]);
        (await log.GetAsync("tile/0/001.p/1")).Body.Length.ShouldBe(32);
        (await log.GetAsync("tile/1/000.p/1")).Body.Length.ShouldBe(32);

        var bundle = (await log.GetAsync("tile/entries/000")).Body;
        var part = (await log.GetAsync("tile/entries/000.p/3")).Body;
        part.ShouldBe(bundle[..part.Length]);
    }

    [Theory]
    [InlineData("tile/0/001")]
    [InlineData("tile/0/001.p/2")]
    [InlineData("tile/1/000")]
    [InlineData("tile/1/000.p/2")]
    [InlineData("tile/2/000.p/1")]
    [InlineData("tile/entries/001.p/2")]
    [InlineData("tile/0/x001/000")]
    [InlineData("tile/63/000")]
    [InlineData("tile/0/0")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/x000/000")]
    [InlineData("tile/0/000/")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/data/000")]
    [InlineData("tile/0")]
    [InlineData("tile")]
    [InlineData("nothing")]
    [InlineData("checkpoint/")]
    [InlineData("Checkpoint")]
    [InlineData("TILE/0/000")]
    [InlineData("inclusion/?position=1")]
    public async Task What_no_checkpoint_implies_is_not_there(string path)
    {
        var served = await (await OfAsync(257)).GetAsync(path);

        served.Status.ShouldBe(HttpStatusCode.NotFound);
        served.Code.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(5, "delete from stet.audit_leaf where tenant_id = {tenant} and position = 2", "tile/0/000.p/3")]
    [InlineData(5, "delete from stet.audit_leaf where tenant_id = {tenant} and position = 1", "tile/0/000.p/1")]
    [InlineData(768, "delete from stet.audit_tile where tenant_id = {tenant} and level = 0 and n = 1", "tile/1/000.p/2")]
    public async Task A_tile_of_which_a_row_is_missing_is_not_made_of_those_behind_it(int size, string tampering, string path)
    {
        var log = await OfAsync(size);
        await log.TamperAsync(tampering);

        var served = await log.GetAsync(path);

        (served.Status, served.Code).ShouldBe((HttpStatusCode.InternalServerError, "audit_altered"));
    }

    [Fact]
    public async Task Leaves_that_no_checkpoint_covers_do_not_take_the_place_of_missing_ones()
    {
        var log = await OfAsync(5);
        await log.RecordAsync(3);
        await log.TamperAsync("delete from stet.audit_leaf where tenant_id = {tenant} and position = 2");

        (await log.GetAsync("tile/0/000.p/5")).Code.ShouldBe("audit_altered");
    }

    [Fact]
    public async Task An_event_that_no_checkpoint_covers_is_in_no_tile()
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(1);
        (await log.GetAsync("tile/0/000.p/1")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await log.GetAsync("tile/entries/000.p/1")).Status.ShouldBe(HttpStatusCode.NotFound);

        await log.CheckpointAsync("?min_position=1");

        (await log.GetAsync("tile/0/000.p/1")).Status.ShouldBe(HttpStatusCode.OK);
        (await log.GetAsync("tile/entries/000.p/1")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Tiles_may_be_kept_for_good_and_checkpoints_are_asked_for_again()
    {
        var log = await OfAsync(3);

        var tile = await log.GetAsync("tile/0/000.p/3");
        tile.ContentHeaders.ContentType!.ToString().ShouldBe("application/octet-stream");
        tile.Headers.NonValidated["Cache-Control"].ToString().ShouldBe("private, max-age=31536000, immutable");
        tile.Headers.ETag!.IsWeak.ShouldBeFalse();
        tile.Headers.ETag.Tag.Length.ShouldBe(34);
        (await log.GetAsync("tile/0/000.p/3", ("If-None-Match", tile.Headers.ETag.Tag))).Status.ShouldBe(HttpStatusCode.NotModified);

        var checkpoint = await log.GetAsync("checkpoint");
        checkpoint.ContentHeaders.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
        checkpoint.Headers.NonValidated["Cache-Control"].ToString().ShouldBe("private, no-cache");
        (await log.GetAsync("checkpoint", ("If-None-Match", checkpoint.Headers.ETag!.Tag))).Status.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Bundles_come_compressed_to_those_who_can_read_it()
    {
        var log = await OfAsync(3);
        var plain = await log.GetAsync("tile/entries/000.p/3");
        var packed = await log.GetAsync("tile/entries/000.p/3", ("Accept-Encoding", "br, gzip;q=0.5"));

        packed.ContentHeaders.ContentEncoding.ShouldBe(["gzip"]);
        packed.Headers.Vary.ShouldBe(["Accept-Encoding"]);
        packed.Headers.ETag!.Tag.ShouldBe(plain.Headers.ETag!.Tag[..^1] + "-gz\"");
        using var stream = new GZipStream(new MemoryStream(packed.Body), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        await stream.CopyToAsync(unpacked);
        unpacked.ToArray().ShouldBe(plain.Body);

        (await log.GetAsync("tile/entries/000.p/3", ("Accept-Encoding", "gzip;q=0"))).ContentHeaders.ContentEncoding.ShouldBeEmpty();
        (await log.GetAsync("tile/0/000.p/3", ("Accept-Encoding", "gzip"))).ContentHeaders.ContentEncoding.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("tile/0/000.p/3")]
    [InlineData("tile/entries/000.p/3")]
    public async Task Head_says_what_get_says_without_the_body(string path)
    {
        var log = await OfAsync(3);
        var got = await log.GetAsync(path);
        var asked = await log.SendAsync(HttpMethod.Head, path);

        asked.Status.ShouldBe(HttpStatusCode.OK);
        asked.Body.ShouldBeEmpty();
        asked.Headers.ETag.ShouldBe(got.Headers.ETag);
        asked.ContentHeaders.ContentLength.ShouldBe(got.Body.Length);
        (await log.SendAsync(HttpMethod.Post, path)).Status.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Theory]
    [InlineData("update stet.mt_events set version = 77 where tenant_id = {tenant} and seq_id = 2")]
    [InlineData("update stet.mt_events set type = 'x' where tenant_id = {tenant} and seq_id = 2")]
    [InlineData("update stet.audit_leaf set commit = hash where tenant_id = {tenant} and position = 2")]
    [InlineData("update stet.audit_leaf set hash = commit where tenant_id = {tenant} and position = 2")]
    [InlineData("delete from stet.audit_leaf where tenant_id = {tenant} and position = 2")]
    [InlineData("delete from stet.mt_events where tenant_id = {tenant} and seq_id = 2")]
    public async Task An_entry_that_was_altered_does_not_leave_the_service(string tampering)
    {
        var log = await OfAsync(3);
        await log.TamperAsync(tampering);

        var served = await log.GetAsync("tile/entries/000.p/3");

        served.Status.ShouldBe(HttpStatusCode.InternalServerError);
        served.Code.ShouldBe("audit_altered");
    }

    [Fact]
    public async Task Another_tenants_log_is_not_there()
    {
        var service = await TestService.SharedAsync();
        var (mine, other) = (await OfAsync(1), LogClient.New(service));
        await other.RecordAsync(1);

        foreach (var path in (string[])["checkpoint", "tile/0/000.p/1", "proof/x", "inclusion?position=1", "consistency?from=0", "evidence/x", "export"])
            (await other.Tenant.GetAsync($"{mine.Prefix}/{path}")).ShouldBeProblem(404, "not_found");
        (await other.Tenant.GetAsync($"{other.Prefix.ToUpperInvariant()}/checkpoint")).Status.ShouldBe(404);
    }

    static async Task<LogClient> OfAsync(int size)
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(size);
        (await log.CheckpointAsync($"?min_position={size}")).Size.ShouldBe(size);
        return log;
    }
}
