using Stet.Testing;

namespace Stet.Pcs.Tests;

public class LimitSpecs
{
    [Theory]
    [InlineData("schema", "\"other\"", "schema_unknown")]
    [InlineData("schema", "\"Fractal-lba-kakeya\"", "schema_unknown")]
    [InlineData("version", "\"0.10\"", "version_unknown")]
    [InlineData("version", "\"1.00\"", "version_unknown")]
    [InlineData("shard_id", "\"\"", "shard_id_invalid")]
    [InlineData("shard_id", "\"a\\u001fb\"", "shard_id_invalid")]
    [InlineData("epoch", "-1", "epoch_out_of_range")]
    [InlineData("attempt", "-1", "attempt_out_of_range")]
    [InlineData("sent_at", "\"2026-11-21\"", "sent_at_invalid")]
    [InlineData("regime", "\"Sticky\"", "regime_unknown")]
    [InlineData("v_star", "[1,2]", "v_star_invalid")]
    [InlineData("v_star", "[1,2,3,4]", "v_star_invalid")]
    [InlineData("merkle_root", "\"00\"", "merkle_root_malformed")]
    [InlineData("pcs_id", "\"\"", "pcs_id_mismatch")]
    [InlineData("epoch", "8", "pcs_id_mismatch")]
    [InlineData("scales", "[]", "scales_too_few")]
    [InlineData("scales", "[2,2]", "scales_too_few")]
    [InlineData("scales", "[2,-4]", "scale_not_positive")]
    [InlineData("scales", "[2,3]", "n_j_mismatch")]
    [InlineData("N_j", "{\"2\":3,\"4\":8,\"8\":17}", "n_j_mismatch")]
    [InlineData("N_j", "{\"2\":3,\"4\":8,\"8\":17,\"016\":30}", "n_j_mismatch")]
    [InlineData("N_j", "{\"2\":0,\"4\":8,\"8\":17,\"16\":30}", "n_j_not_positive")]
    [InlineData("N_j", "{\"2\":3,\"4\":8,\"8\":17,\"16\":16}", "n_j_decreasing")]
    [InlineData("r", "1.0000000006", "r_out_of_range")]
    [InlineData("r", "-0.0000000006", "r_out_of_range")]
    public void A_value_beyond_its_limits_is_refused_in_0_1(string name, string value, string code) =>
        Ordinary.Refusal(Ordinary.V01.WithRaw(name, value)).ShouldBe(code);

    [Theory]
    [InlineData("alg", "\"hs256\"", "header_invalid")]
    [InlineData("kid", "\"\"", "header_invalid")]
    [InlineData("kid", "\"a b\"", "header_invalid")]
    [InlineData("tenant", "\"é\"", "header_invalid")]
    [InlineData("shard_id", "\"a b\"", "shard_id_invalid")]
    [InlineData("epoch", "9007199254740992", "epoch_out_of_range")]
    [InlineData("attempt", "0", "attempt_out_of_range")]
    [InlineData("attempt", "9007199254740992", "attempt_out_of_range")]
    [InlineData("seed", "4294967296", "seed_out_of_range")]
    [InlineData("sent_at", "\"2026-11-21T00:07:00+00:00\"", "sent_at_invalid")]
    [InlineData("sent_at", "\"2026-11-21T00:07:00.1234567Z\"", "sent_at_invalid")]
    [InlineData("chunk_size", "0", "leaves_invalid")]
    [InlineData("chunk_size", "1048577", "leaves_invalid")]
    [InlineData("leaf_count", "-1", "leaves_invalid")]
    [InlineData("leaf_count", "0", "leaves_invalid")]
    [InlineData("leaf_count", "9007199254740992", "leaves_invalid")]
    [InlineData("scales", "[4,2,8,16]", "scales_not_ascending")]
    [InlineData("scales", "[2,2,4,8,16]", "scales_not_ascending")]
    [InlineData("scales", "[2,9007199254740992]", "member_type")]
    [InlineData("N_j", "{\"2\":3,\"4\":8,\"8\":17,\"16\":9007199254740992}", "member_type")]
    [InlineData("N_j", "{\"2\":3,\"4\":8,\"8\":17,\"16\":30,\"32\":31}", "n_j_mismatch")]
    [InlineData("N_j", "{\"2\":3,\"4\":8,\"8\":17,\"16\":30,\"x\":31}", "n_j_mismatch")]
    [InlineData("note", "1", "member_unknown")]
    [InlineData("ft", "[]", "member_type")]
    public void A_value_beyond_its_limits_is_refused_in_1_0(string name, string value, string code) =>
        Ordinary.Refusal(Ordinary.V10.Signed().WithRaw(name, value)).ShouldBe(code);

    [Theory]
    [InlineData("\"outbox_seq\":-1,\"clock_skew_ms\":0", "member_type")]
    [InlineData("\"outbox_seq\":9007199254740992,\"clock_skew_ms\":0", "member_type")]
    [InlineData("\"outbox_seq\":0,\"clock_skew_ms\":-9007199254740992", "member_type")]
    [InlineData("\"outbox_seq\":0,\"clock_skew_ms\":9007199254740992", "member_type")]
    [InlineData("\"outbox_seq\":0,\"clock_skew_ms\":0,\"x\":1", "member_unknown")]
    public void A_member_of_ft_beyond_its_limits_is_refused_in_1_0(string members, string code) =>
        Ordinary.Refusal(Ordinary.V10.Signed().WithRaw("ft", $"{{\"degraded\":false,\"fallbacks\":[],{members}}}"))
            .ShouldBe(code);

    [Fact]
    public void The_root_of_the_empty_tree_has_no_leaves()
    {
        var empty = (Ordinary.V10.Signed() with { MerkleRoot = Independent.RootOfV10([]) }).Identified();

        Ordinary.Refusal(empty.Text()).ShouldBe("leaves_invalid");
        Ordinary.Refusal((empty with { Header = empty.Header! with { LeafCount = 0 } }).Text()).ShouldBeNull();
    }

    [Fact]
    public void Digits_after_the_ninth_decimal_do_not_put_r_out_of_range()
    {
        Ordinary.Refusal((Ordinary.V01 with { R = 1.0000000004 }).Text()).ShouldBeNull();
        Ordinary.Refusal((Ordinary.V01 with { R = -0.0000000004 }).Text()).ShouldBeNull();
    }

    [Fact]
    public void A_text_that_no_database_stores_is_refused()
    {
        Ordinary.Refusal((Ordinary.V01 with { Sig = "\0" }).Text()).ShouldBe("member_type");
        Ordinary.Refusal((Ordinary.V01 with { Delivery = PcsDelivery.Direct with { Fallbacks = ["\0"] } }).Text())
            .ShouldBe("member_type");
    }

    [Fact]
    public void Names_are_as_long_as_they_may_be()
    {
        Ordinary.Refusal((Ordinary.V01 with { ShardId = new string('é', 512) }).Identified().Text()).ShouldBeNull();
        Ordinary.Refusal((Ordinary.V01 with { ShardId = new string('é', 512) + "x" }).Identified().Text())
            .ShouldBe("shard_id_invalid");
        var v10 = Ordinary.V10.Signed();
        Ordinary.Refusal((v10 with { ShardId = new string('x', 128) }).Identified().Text()).ShouldBeNull();
        Ordinary.Refusal((v10 with { ShardId = new string('x', 129) }).Identified().Text())
            .ShouldBe("shard_id_invalid");
    }

    [Fact]
    public void There_are_at_most_64_scales()
    {
        PcsDocument Scaled(int count) => Ordinary.V01 with
        {
            Scales = [.. Enumerable.Range(1, count).Select(scale => new ScaleCount(scale, scale))],
        };

        Ordinary.Read(Scaled(64).ToJson()).Scales.Count.ShouldBe(64);
        Ordinary.Refusal(Scaled(65).Text()).ShouldBe("scales_too_many");
        Ordinary.Refusal(Ordinary.V01.WithRaw("scales", $"[{string.Join(',', Enumerable.Range(-1, 100))}]"))
            .ShouldBe("scale_not_positive");
    }

    [Theory]
    [InlineData("2026-11-21T00:07:00Z", "2026-11-21T00:07:00.0000000Z")]
    [InlineData("2026-11-21T00:07:00.5Z", "2026-11-21T00:07:00.5000000Z")]
    [InlineData("2026-11-21T00:07:00.123456789+01:30", "2026-11-20T22:37:00.1234567Z")]
    [InlineData("2024-02-29T23:59:59-00:00", "2024-02-29T23:59:59.0000000Z")]
    [InlineData("0001-01-01T00:00:00-23:59", "0001-01-01T23:59:00.0000000Z")]
    [InlineData("2026-11-21 00:07:00Z", null)]
    [InlineData("2026-11-21t00:07:00Z", null)]
    [InlineData("2026-11-21T00:07:00z", null)]
    [InlineData("2026-11-21T00:07:00", null)]
    [InlineData("2026-11-21T00:07:00.Z", null)]
    [InlineData("2026-11-21T00:07:00.1234567890Z", null)]
    [InlineData("2026-11-21T00:07:00.5", null)]
    [InlineData("2026-11-21T00:07:00+0100", null)]
    [InlineData("2026-11-21T00:07:00+24:00", null)]
    [InlineData("2026-11-21T00:07:00+01:60", null)]
    [InlineData("2026-11-21T00:07:00ZZ", null)]
    [InlineData("2026-02-29T00:07:00Z", null)]
    [InlineData("2026-13-01T00:07:00Z", null)]
    [InlineData("2026-00-01T00:07:00Z", null)]
    [InlineData("2026-11-00T00:07:00Z", null)]
    [InlineData("2026-11-21T24:00:00Z", null)]
    [InlineData("2026-11-21T00:60:00Z", null)]
    [InlineData("2026-12-31T23:59:60Z", null)]
    [InlineData("0000-01-01T00:00:00Z", null)]
    [InlineData("0001-01-01T00:00:00+00:01", null)]
    [InlineData("9999-12-31T23:59:59-00:01", null)]
    [InlineData("２026-11-21T00:07:00Z", null)]
    [InlineData("+026-11-21T00:07:00Z", null)]
    public void A_time_is_that_of_RFC_3339(string text, string? expected) =>
        ((Ordinary.V01 with { SentAt = text }).SentAtTime()
            ?.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'")).ShouldBe(expected);
}
