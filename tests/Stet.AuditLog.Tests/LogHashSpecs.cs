using System.Security.Cryptography;
using System.Text.Json;

namespace Stet.AuditLog.Tests;

public class LogHashSpecs
{
    static readonly JsonElement small = TlogData.Read("rfc6962-ct.json");

    [Fact]
    public void Leaves_and_nodes_hash_as_rfc_6962_says()
    {
        foreach (var leaf in small.Items("leaves"))
            LogHash.Leaf(leaf.Bytes("entry_hex")).ShouldBe(leaf.Hash("leaf_hash"));

        var node = small.GetProperty("node_example");
        LogHash.Node(node.Hash("left"), node.Hash("right")).ShouldBe(node.Hash("node"));
    }

    [Fact]
    public void An_entry_of_any_length_hashes_like_the_class_library_hashes_it()
    {
        foreach (var length in Enumerable.Range(0, 140).Concat([1022, 1023, 1024, 1025, 4096, 65_535]))
        {
            var entry = RandomNumberGenerator.GetBytes(length);
            LogHash.Leaf(entry).ShouldBe(Hashes.Leaf(entry));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(256)]
    public void Leaves_and_nodes_hash_together_as_they_do_alone(int count)
    {
        var entries = Enumerable.Range(0, count).Select(i => new ReadOnlyMemory<byte>(RandomNumberGenerator.GetBytes(37 * i))).ToArray();
        var leaves = new LogHash[count];
        LogHash.Leaves(entries, leaves);
        leaves.ShouldBe(entries.Select(e => Hashes.Leaf(e.Span)));

        var nodes = leaves.Chunk(2).Where(pair => pair.Length == 2).Select(pair => Hashes.Node(pair[0], pair[1])).ToArray();
        for (var shift = 0; shift <= 1 && nodes.Length > 0; shift++)
        {
            var row = leaves.ToArray();
            LogHash.Nodes(row, row.AsSpan(shift));
            row[shift..(shift + nodes.Length)].ShouldBe(nodes);
        }
    }

    [Fact]
    public void Too_little_room_for_the_hashes_of_many_is_a_mistake_of_the_program()
    {
        Should.Throw<ArgumentException>(() => LogHash.Leaves(new ReadOnlyMemory<byte>[2], new LogHash[1]));
        Should.Throw<ArgumentException>(() => LogHash.Nodes(new LogHash[4], new LogHash[1]));
    }

    [Fact]
    public void The_fast_functions_are_found_where_ed25519_of_openssl_is() =>
        (Ed25519.OpenSsl is not null && !Sha256.IsNative).ShouldBeFalse();

    [Fact]
    public void Too_little_room_for_a_hash_is_a_mistake_of_the_program() =>
        Should.Throw<ArgumentException>(() => Sha256.Hash([], new byte[31]));

    [Fact]
    public void The_root_of_no_leaves_is_the_hash_of_nothing() =>
        LogHash.EmptyRoot.ToString().ShouldBe("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_hash_has_32_bytes(int length) =>
        Should.Throw<AuditLogFormatException>(() => new LogHash(new byte[length]))
            .Message.ShouldBe($"A hash has 32 bytes, not {length}.");

    [Fact]
    public void Hashes_compare_by_value()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        var hash = new LogHash(bytes);

        hash.ShouldBe(new LogHash(bytes));
        hash.GetHashCode().ShouldBe(new LogHash(bytes).GetHashCode());
        hash.ToArray().ShouldBe(bytes);

        bytes[31] ^= 1;
        hash.ShouldNotBe(new LogHash(bytes));
    }
}
