using System.Security.Cryptography;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.Tests.AuditLog;

public class TileVectorSpecs
{
    [SharedDataFact]
    public void Paths_are_read_and_written_as_the_vectors_say()
    {
        var data = SharedData.Json("tiles.json");
        foreach (var p in data.GetProperty("paths").EnumerateArray())
        {
            var (index, width) = (p.GetProperty("index").GetInt64(), p.GetProperty("width").GetInt32());
            var expected = p.Text("kind") == "hash" ? TilePath.Hashes(p.GetProperty("level").GetInt32(), index, width) : TilePath.Entries(index, width);

            TilePath.TryParse(p.Text("path"), out var read).ShouldBeTrue(p.Text("path"));
            read.ShouldBe(expected);
            expected.ToString().ShouldBe(p.Text("path"));
        }

        foreach (var bad in data.GetProperty("invalid_paths").EnumerateArray())
            TilePath.TryParse(bad.GetString()!, out _).ShouldBeFalse(bad.GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile")]
    [InlineData("tile/")]
    [InlineData("tile/0/")]
    [InlineData("tile/0/../../etc")]
    [InlineData("tile/0/x/001")]
    [InlineData("tile/0/000.p/1/2")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/999")]
    public void Other_paths_are_refused(string path) => TilePath.TryParse(path, out _).ShouldBeFalse();

    [SharedDataFact]
    public void Bundles_are_walked_and_badly_framed_ones_refused()
    {
        var data = SharedData.Json("tiles.json");
        foreach (var b in data.GetProperty("bundles").EnumerateArray())
        {
            var bytes = b.Hex("bundle_hex");
            var entries = b.GetProperty("entries_hex").EnumerateArray().Select(e => Convert.FromHexString(e.GetString()!)).ToList();
            var hashes = b.GetProperty("leaf_hashes").EnumerateArray().Select(h => Convert.FromHexString(h.GetString()!)).ToList();
            EntryBundle.IsWellFramed(bytes, entries.Count, mayHaveMore: false).ShouldBeTrue();
            EntryBundle.IsWellFramed(bytes, entries.Count + 1, mayHaveMore: false).ShouldBeFalse();
            EntryBundle.IsWellFramed(bytes, entries.Count - 1, mayHaveMore: false).ShouldBeFalse();
            EntryBundle.IsWellFramed(bytes, entries.Count - 1, mayHaveMore: true).ShouldBeTrue();

            var bundle = new EntryBundle(bytes);
            var hash = new byte[32];
            for (var i = 0; i < entries.Count; i++)
            {
                bundle.MoveNext().ShouldBeTrue();
                bundle.HashLeaf(hash);
                bundle.Entry.ToArray().ShouldBe(entries[i]);
                hash.ShouldBe(hashes[i]);
            }

            bundle.MoveNext().ShouldBeFalse();
        }

        foreach (var bad in data.GetProperty("bad_bundles").EnumerateArray())
        {
            for (var count = 0; count < 3; count++)
                EntryBundle.IsWellFramed(bad.Hex("bundle_hex"), count, mayHaveMore: false).ShouldBeFalse(bad.Text("why"));
        }
    }

    [Fact]
    public void The_largest_entry_has_65535_bytes()
    {
        byte[] bytes = [0xFF, 0xFF, .. Enumerable.Range(0, 65535).Select(i => (byte)(i % 256))];
        var bundle = new EntryBundle(bytes);
        var hash = new byte[32];

        bundle.MoveNext().ShouldBeTrue();
        bundle.HashLeaf(hash);

        Convert.ToHexStringLower(hash).ShouldBe("fead6718a25176e9402785ba6e0e976857a42dc462266d12c87200d4da7f1c12");
    }

    /// <summary>So that what the other tests write is what the format says.</summary>
    [SharedDataFact]
    public void The_naive_tree_of_these_tests_has_the_tiles_and_roots_of_the_vectors()
    {
        foreach (var t in SharedData.Json("tiles.json").GetProperty("trees").EnumerateArray())
        {
            var log = TestLog.OfTexts(t.GetProperty("size").GetInt32());
            var resources = log.Resources();

            log.Root.ShouldBe(t.Hex("root"));
            foreach (var tile in t.GetProperty("tiles").EnumerateArray())
            {
                resources[tile.Text("path")].Length.ShouldBe(tile.GetProperty("bytes").GetInt32());
                SHA256.HashData(resources[tile.Text("path")]).ShouldBe(tile.Hex("sha256"));
            }
        }
    }

    [SharedDataFact]
    public void The_right_edge_folds_to_the_roots_of_the_entries_log()
    {
        var log = TestLog.OfTexts(1025);
        var leaves = Enumerable.Range(0, 1025).Select(i => log.Hash(i, i + 1)).ToList();
        foreach (var r in SharedData.Json("entries-log.json").GetProperty("roots").EnumerateArray())
        {
            var size = r.GetProperty("size").GetInt32();
            if (size > leaves.Count) continue;

            var full = size / 256;
            ReadOnlyMemory<byte>[] edge =
            [
                leaves.Take(size).Skip(full * 256).SelectMany(h => h).ToArray(),
                Enumerable.Range(0, full).SelectMany(i => log.Hash(i * 256, (i + 1) * 256)).ToArray(),
            ];
            Merkle.RootOfEdge(edge).ShouldBe(r.Hex("root"), $"size {size}");
        }
    }
}
