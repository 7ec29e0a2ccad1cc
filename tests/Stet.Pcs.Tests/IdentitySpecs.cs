using System.Text;
using System.Text.Json.Nodes;

namespace Stet.Pcs.Tests;

public class IdentitySpecs
{
    [Fact]
    public void Every_identity_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("pcs_id"))
        {
            PcsIdentity.Of(vector.Text("merkle_root"), vector.Integer("epoch"), vector.Text("shard_id"))
                .ShouldBe(vector.Text("pcs_id"));
        }
    }

    [Theory]
    [InlineData("merkle_0_1", PcsVersion.V01)]
    [InlineData("merkle_1_0", PcsVersion.V10)]
    public void Every_merkle_root_is_that_of_the_vectors(string name, PcsVersion version)
    {
        foreach (var vector in Vectors.Cases(name))
        {
            var tree = new MerkleTree(version);
            foreach (var chunk in vector.GetProperty("chunks").EnumerateArray())
                tree.AddLeaf(Encoding.UTF8.GetBytes(chunk.GetString()!));

            tree.Root().ShouldBe(vector.Text("root"), vector.GetRawText());
            tree.LeafCount.ShouldBe(vector.GetProperty("chunks").GetArrayLength());
        }
    }

    [Theory]
    [InlineData(PcsVersion.V01)]
    [InlineData(PcsVersion.V10)]
    public void A_tree_of_any_size_has_the_root_of_its_definition_and_goes_on_growing(PcsVersion version)
    {
        var tree = new MerkleTree(version);
        var leaves = new List<byte[]>();

        for (var i = 0; i < 70; i++)
        {
            leaves.Add(Encoding.ASCII.GetBytes($"leaf {i}"));
            tree.AddLeaf(leaves[^1]);
            tree.Root().ShouldBe(
                version == PcsVersion.V01 ? Independent.RootOfV01(leaves) : Independent.RootOfV10(leaves));
        }
    }

    [Fact]
    public void Every_content_digest_is_that_of_the_vectors()
    {
        var golden = JsonNode.Parse(Vectors.Cases("golden").First().GetProperty("document_0_1").GetRawText())!;
        JsonNode Varied(params (string Name, JsonNode Value)[] members)
        {
            var varied = golden.DeepClone();
            foreach (var (name, value) in members) varied[name] = value;
            return varied;
        }

        var counts = golden["N_j"]!.DeepClone();
        counts["16"] = 16;
        var documents = new Dictionary<string, JsonNode>(StringComparer.Ordinal)
        {
            ["golden 1"] = golden,
            ["golden 1, attempt 2, other sent_at, other sig, other ft"] = Varied(
                ("attempt", 2), ("sent_at", "2026-01-01T00:00:00Z"), ("sig", "other"),
                ("ft", JsonNode.Parse("""{"outbox_seq": 7, "degraded": true}""")!)),
            ["golden 1, D_hat 0.52832083401"] = Varied(("D_hat", 0.52832083401)),
            ["golden 1, N_j of scale 16 is 16"] = Varied(("N_j", counts)),
        };

        foreach (var vector in Vectors.Cases("content_digest_0_1"))
        {
            var document = Ordinary.Read(Encoding.UTF8.GetBytes(documents[vector.Text("name")].ToJsonString()));

            document.Canonical(Extent.Content).ShouldBe(vector.Text("content"));
            document.ContentDigest().ShouldBe(vector.Text("content_digest"));
        }
    }

    [Fact]
    public void A_document_is_read_back_equal_from_its_own_text()
    {
        var queued = Ordinary.V01 with { Delivery = new PcsDelivery(9, Degraded: true, ["zlib", "\u001f\"é😀"], -5) };

        foreach (var document in (PcsDocument[])[Ordinary.V01, Ordinary.V10.Signed(), queued])
            Ordinary.Read(document.ToJson()).ShouldBe(document);
    }

    [Fact]
    public void Surplus_entries_and_unknown_members_of_0_1_are_no_part_of_the_content()
    {
        var text = Ordinary.V01.Text();
        var more = text.Replace(
            "\"N_j\":{", "\"x\":[1,{\"y\":null}],\"N_j\":{\"32\":99,\"02\":0,", StringComparison.Ordinal);

        Ordinary.Read(Encoding.UTF8.GetBytes(more)).ShouldBe(Ordinary.V01);
    }
}
