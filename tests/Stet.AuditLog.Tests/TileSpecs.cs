using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class TileSpecs
{
    static readonly JsonElement vectors = TlogData.Read("tiles.json");

    [Fact]
    public void The_paths_of_the_vectors_are_read_and_written()
    {
        foreach (var path in vectors.Items("paths"))
        {
            var level = path.Text("kind") == "entries" ? Tile.EntriesLevel : (int)path.Number("level");
            var tile = new Tile(level, path.Number("index"), (int)path.Number("width"));

            tile.Path.ShouldBe(path.Text("path"));
            Tile.TryParse(path.Text("path"), out var parsed).ShouldBeTrue(path.Text("path"));
            parsed.ShouldBe(tile);
        }
    }

    [Fact]
    public void The_bad_paths_of_the_vectors_are_refused()
    {
        foreach (var path in vectors.Items("invalid_paths"))
            Tile.TryParse(path.GetString(), out _).ShouldBeFalse(path.GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile")]
    [InlineData("tile/")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("tile//000")]
    [InlineData("/tile/0/000")]
    [InlineData("Tile/0/000")]
    [InlineData("tile/Entries/000")]
    [InlineData("tile/0/000 ")]
    [InlineData("tile/ 0/000")]
    [InlineData("tile/+0/000")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/1/")]
    [InlineData("tile/0/000.p/1000")]
    [InlineData("tile/0/٠٠٠")]
    [InlineData("tile/0/x001")]
    [InlineData("tile/0/x001/")]
    [InlineData("tile/0/X001/000")]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/808")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999")]
    public void Other_spellings_are_refused(string path) => Tile.TryParse(path, out _).ShouldBeFalse();

    [Fact]
    public void The_largest_index_is_read()
    {
        Tile.TryParse("tile/0/x009/x223/x372/x036/x854/x775/807", out var tile).ShouldBeTrue();
        tile.Index.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void Every_tile_has_one_path() =>
        Prop.ForAll(Tiles, tile =>
        {
            Tile.TryParse(tile.Path, out var parsed).ShouldBeTrue(tile.Path);
            parsed.ShouldBe(tile);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void A_mutated_path_is_refused_or_the_path_of_what_it_names() =>
        Prop.ForAll(Tiles, Gen.Choose(0, int.MaxValue).ToArbitrary(), (tile, chance) =>
        {
            var random = new Random(chance);
            var path = tile.Path.ToList();
            for (var i = random.Next(1, 4); i > 0; i--)
                path[random.Next(path.Count)] = "0123456789x/.petil- +é"[random.Next(22)];
            var mutated = new string([.. path]);

            if (Tile.TryParse(mutated, out var parsed)) parsed.Path.ShouldBe(mutated);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void The_tiles_and_bundles_of_the_vectors_have_their_paths_lengths_and_digests()
    {
        foreach (var given in vectors.Items("trees"))
        {
            var size = (int)given.Number("size");
            NaiveTree.OfEntries.Root(size).ShouldBe(given.Hash("root"));
            var ours = Tile.Of(size).ToDictionary(tile => tile.Path);

            foreach (var expected in given.Items("tiles"))
            {
                var content = ContentOf(ours[expected.Text("path")], size);
                content.LongLength.ShouldBe(expected.Number("bytes"));
                SHA256.HashData(content).ShouldBe(expected.Bytes("sha256"));
            }

            var full = ours.Values.Where(tile => tile.IsFull && !tile.IsEntries).ToLookup(tile => tile.Level);
            foreach (var (level, line) in given.Items("full_tiles").Index())
                line.GetString().ShouldBe($"level {level}: {full[level].Count()} full");

            if (size <= 1000) ours.Count.ShouldBe(given.Items("tiles").Count());
        }
    }

    [Fact]
    public void A_tree_of_70000_leaves_has_the_tiles_of_the_specification()
    {
        var tiles = Tile.Of(70_000).ToList();

        tiles.Count(tile => tile is { Level: 0, IsFull: true }).ShouldBe(273);
        tiles.Where(tile => tile.Level >= 0 && (!tile.IsFull || tile.Level > 0)).Select(tile => tile.Path).ShouldBe(
            ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]);
        tiles.Count(tile => tile.IsEntries).ShouldBe(274);
    }

    [Fact]
    public void Every_hash_of_every_level_is_in_one_tile_and_no_tile_is_empty() =>
        Prop.ForAll(Gen.Choose(0, 140_000).ToArbitrary(), size =>
        {
            var tiles = Tile.Of(size).ToList();

            tiles.ShouldAllBe(tile => tile.Width >= 1 && tile.Width <= 256 && tile.IsWithin(size));
            tiles.ShouldBeUnique();
            foreach (var level in tiles.GroupBy(tile => tile.Level))
                level.Sum(tile => (long)tile.Width).ShouldBe(Tile.CountAt(level.Key, size));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Theory]
    [InlineData("tile/0/000.p/44", 44, true)]
    [InlineData("tile/0/000.p/43", 44, true)]
    [InlineData("tile/0/000.p/45", 44, false)]
    [InlineData("tile/0/000", 255, false)]
    [InlineData("tile/0/000", 256, true)]
    [InlineData("tile/0/000.p/7", 256, true)]
    [InlineData("tile/0/001.p/1", 256, false)]
    [InlineData("tile/0/001.p/1", 257, true)]
    [InlineData("tile/1/000.p/1", 255, false)]
    [InlineData("tile/1/000.p/1", 256, true)]
    [InlineData("tile/entries/000.p/44", 44, true)]
    [InlineData("tile/entries/000.p/45", 44, false)]
    [InlineData("tile/7/000.p/127", long.MaxValue, true)]
    [InlineData("tile/7/000.p/128", long.MaxValue, false)]
    [InlineData("tile/8/000.p/1", long.MaxValue, false)]
    [InlineData("tile/63/000.p/1", long.MaxValue, false)]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/807", long.MaxValue, false)]
    [InlineData("tile/0/000.p/1", 0, false)]
    public void A_tile_is_within_a_size_that_has_all_of_it(string path, long size, bool within)
    {
        Tile.TryParse(path, out var tile).ShouldBeTrue();
        tile.IsWithin(size).ShouldBe(within);
    }

    [Fact]
    public void The_bundles_of_the_vectors_are_built_and_parted()
    {
        foreach (var bundle in vectors.Items("bundles"))
        {
            var entries = bundle.Items("entries_hex").Select(hex => Convert.FromHexString(hex.GetString()!)).ToList();

            Bundle(entries).ShouldBe(bundle.Bytes("bundle_hex"));
            var parsed = EntryBundle.Parse(bundle.Bytes("bundle_hex"), entries.Count);
            parsed.Select(entry => entry.ToArray()).ShouldBe(entries);
            parsed.Select(entry => LogHash.Leaf(entry.Span)).ShouldBe(bundle.HashList("leaf_hashes"));
        }
    }

    [Fact]
    public void The_bad_bundles_of_the_vectors_are_refused_for_any_width()
    {
        foreach (var bundle in vectors.Items("bad_bundles"))
            for (var width = 0; width < 4; width++)
                Should.Throw<AuditLogFormatException>(() => EntryBundle.Parse(bundle.Bytes("bundle_hex"), width));
    }

    [Fact]
    public void The_largest_entry_fits_and_one_byte_more_does_not()
    {
        var largest = vectors.GetProperty("largest_entry");
        byte[] entry = [.. Enumerable.Range(0, EntryBundle.MaxEntrySize).Select(i => (byte)i)];

        LogHash.Leaf(entry).ShouldBe(largest.Hash("leaf_hash"));
        Bundle([entry]).LongLength.ShouldBe(largest.Number("bundle_bytes"));
        SHA256.HashData(Bundle([entry])).ShouldBe(largest.Bytes("bundle_sha256"));
        EntryBundle.Parse(Bundle([entry]), 1).Single().ToArray().ShouldBe(entry);
        Should.Throw<ArgumentException>(() => Bundle([[.. entry, 0]]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_bundle_of_another_width_is_refused(int width) =>
        Should.Throw<AuditLogFormatException>(() => EntryBundle.Parse(Bundle(["a"u8.ToArray(), []]), width))
            .Message.ShouldBe($"The bundle has 2 entries instead of {width}.");

    [Fact]
    public void Random_bytes_are_parted_or_refused() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Choose(0, 4).ToArbitrary(), (bytes, width) =>
        {
            try
            {
                Bundle([.. EntryBundle.Parse(bytes, width).Select(entry => entry.ToArray())]).ShouldBe(bytes);
            }
            catch (AuditLogFormatException refused)
            {
                refused.Message.ShouldNotBeEmpty();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    static Arbitrary<Tile> Tiles { get; } =
        (from level in Gen.Choose(-1, 63)
         from digits in Gen.Choose(0, 18)
         from chance in Gen.Choose(0, int.MaxValue)
         from width in Gen.Choose(1, 256)
         select new Tile(level, new Random(chance).NextInt64((long)Math.Pow(10, digits)), width)).ToArbitrary();

    static byte[] ContentOf(Tile tile, int size) =>
        tile.IsEntries
            ? Bundle([.. Enumerable.Range((int)tile.Index * 256, tile.Width).Select(i => Hashes.Entry(i))])
            : NaiveTree.OfEntries.TileOf(tile.Level, (int)tile.Index, size);

    static byte[] Bundle(IReadOnlyList<byte[]> entries)
    {
        var bundle = new ArrayBufferWriter<byte>();
        foreach (var entry in entries) EntryBundle.Append(bundle, entry);
        return bundle.WrittenSpan.ToArray();
    }
}
