using System.Text;
using System.Text.Json.Nodes;

namespace Stet.Pcs.Tests;

public class ReadingSpecs
{
    [Fact]
    public void Both_ordinary_documents_are_read()
    {
        Ordinary.Read(Ordinary.V01.ToJson()).ShouldBe(Ordinary.V01);
        Ordinary.Read((Ordinary.V10 with { Sig = "x" }).ToJson()).ShouldBe(Ordinary.V10 with { Sig = "x" });
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("{")]
    [InlineData("{}}")]
    [InlineData("{} {}")]
    [InlineData("{},")]
    [InlineData("\ufeff{}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{/* */}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":Infinity}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":\"\t\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"a\":\"\\udc00\"}")]
    [InlineData("{\"a\":\"\\ud800\\ud800\"}")]
    [InlineData("{\"a\":\"\\ud800x\\udc00\"}")]
    [InlineData("{\"a\":\"\\ud800\\n\"}")]
    [InlineData("{\"\\udfff\":1}")]
    [InlineData("{\"x\":{\"\\udfff\":1}}")]
    [InlineData("{\"N_j\":{\"\\udfff\":1}}")]
    [InlineData("{\"ft\":{\"\\udfff\":1}}")]
    public void What_is_not_one_json_object_is_malformed(string json) =>
        Ordinary.Refusal(json).ShouldBe("json_malformed");

    [Fact]
    public void Bytes_that_are_no_utf8_are_malformed()
    {
        foreach (var bytes in (byte[][])[[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]])
            Ordinary.Refusal([.. "{\"a\":\""u8, .. bytes, .. "\"}"u8]).ShouldBe("json_malformed");
    }

    [Theory]
    [InlineData(31, "member_missing")]
    [InlineData(32, "json_malformed")]
    public void Nesting_goes_32_deep(int arrays, string code) =>
        Ordinary.Refusal($"{{\"x\":{new string('[', arrays)}{new string(']', arrays)}}}").ShouldBe(code);

    [Theory]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("{\"a\":1,\"\\u0061\":1}")]
    [InlineData("{\"r\":1,\"r\":1}")]
    [InlineData("{\"r\":1,\"\\u0072\":1}")]
    [InlineData("{\"r\":1,\"R\":1}")]
    [InlineData("{\"R\":1,\"r\":1}")]
    [InlineData("{\"R\":1,\"R\":1}")]
    [InlineData("{\"scales\":[1,2,3],\"SCALES\":[1,2,3,4,5,6]}")]
    [InlineData("{\"SCALES\":[1,2,3],\"scales\":[1,2,3,4,5,6]}")]
    [InlineData("{\"VERSION\":\"1.0\",\"version\":\"0.1\"}")]
    [InlineData("{\"x\":{\"a\":1,\"a\":1}}")]
    [InlineData("{\"x\":[{\"y\":{\"a\":1,\"a\":1}}]}")]
    [InlineData("{\"epoch\":{\"a\":1,\"a\":1}}")]
    [InlineData("{\"N_j\":{\"2\":1,\"2\":1}}")]
    [InlineData("{\"N_j\":{\"2\":1,\"4\":1,\"\\u0032\":1}}")]
    [InlineData("{\"N_j\":{\"x\":1,\"x\":1}}")]
    [InlineData("{\"ft\":{\"degraded\":true,\"DEGRADED\":true}}")]
    [InlineData("{\"ft\":{\"x\":1,\"x\":1}}")]
    [InlineData("{\"version\":\"1.0\",\"r\":1,\"r\":2}")]
    [InlineData("{\"version\":\"1.0\",\"x\":1,\"x\":2}")]
    public void A_name_that_occurs_twice_in_its_object_is_refused(string json) =>
        Ordinary.Refusal(json).ShouldBe("member_duplicate");

    [Fact]
    public void Names_of_0_1_match_in_any_case_and_those_of_1_0_in_theirs()
    {
        string Upper(string json) => json.Replace("\"D_hat\"", "\"d_HAT\"", StringComparison.Ordinal)
            .Replace("\"degraded\"", "\"\\u0044EGRADED\"", StringComparison.Ordinal);

        Ordinary.Read(Encoding.UTF8.GetBytes(Upper(Ordinary.V01.Text()))).ShouldBe(Ordinary.V01);
        Ordinary.Refusal(Upper(Ordinary.V10.Signed().Text())).ShouldBe("member_missing");

        var v10 = Ordinary.V10.Signed().Text();
        Ordinary.Refusal(v10.Replace("{\"D_hat\"", "{\"d_hat\":1,\"D_hat\"", StringComparison.Ordinal))
            .ShouldBe("member_unknown");
        Ordinary.Refusal(v10.Replace("\"version\"", "\"Version\"", StringComparison.Ordinal))
            .ShouldBe("version_unknown");
    }

    [Theory]
    [InlineData("\"Kid\":null,\"kid\"")]
    [InlineData("\"Kid\":1,\"kid\"")]
    [InlineData("\"FT\":{},\"ft\"")]
    [InlineData("\"FT\":{\"outbox_seq\":null,\"degraded\":true},\"ft\"")]
    [InlineData("\"SCALES\":[1,2,3,4,5,6],\"scales\"")]
    public void A_member_of_1_0_is_there_whatever_its_name_in_another_case_said_before(string pair)
    {
        var name = pair[(pair.LastIndexOf(',') + 1)..];

        Ordinary.Refusal(Ordinary.V10.Signed().Text().Replace(name, pair, StringComparison.Ordinal)).ShouldBe("member_unknown");
    }

    [Theory]
    [InlineData("alg")]
    [InlineData("kid")]
    [InlineData("tenant")]
    [InlineData("chunk_size")]
    [InlineData("leaf_count")]
    public void Names_that_1_0_alone_knows_are_any_others_to_0_1(string name)
    {
        var twice = Ordinary.V01.Text().Insert(1, $"\"{name}\":1,\"{name.ToUpperInvariant()}\":2,");

        Ordinary.Read(Encoding.UTF8.GetBytes(twice)).ShouldBe(Ordinary.V01);
        Ordinary.Refusal(Ordinary.V01.Text().Insert(1, $"\"{name}\":1,\"{name}\":2,")).ShouldBe("member_duplicate");
    }

    [Fact]
    public void Only_ascii_letters_fold() =>
        Ordinary.Refusal(Ordinary.V01.Text().Replace("\"scales\"", "\"\u017fcales\"", StringComparison.Ordinal))
            .ShouldBe("member_missing");

    [Theory]
    [InlineData("1e999")]
    [InlineData("-1e999")]
    [InlineData("1E+400")]
    public void A_number_beyond_a_double_is_refused_wherever_it_stands(string number)
    {
        Ordinary.Refusal($"{{\"x\":[{number}]}}").ShouldBe("number_not_finite");
        Ordinary.Refusal($"{{\"r\":{number}}}").ShouldBe("number_not_finite");
        Ordinary.Refusal($"{{\"x\":{new string('9', 400)}}}").ShouldBe("number_not_finite");
        Ordinary.Refusal($"{{\"x\":[{number}],\"r\":1,\"R\":1}}").ShouldBe("member_duplicate");
        Ordinary.Refusal($"{{\"x\":[{number}]").ShouldBe("json_malformed");
    }

    [Fact]
    public void Every_member_is_required_and_null_is_missing()
    {
        foreach (var document in (PcsDocument[])[Ordinary.V01.Signed(), Ordinary.V10.Signed()])
        {
            foreach (var name in Names(document))
            {
                var expected = document.Version == PcsVersion.V01 && name is "sig" ? null : "member_missing";
                Ordinary.Refusal(document.Without(name)).ShouldBe(expected, name);
                Ordinary.Refusal(document.With(name, null)).ShouldBe(expected, name);
            }
        }
    }

    [Fact]
    public void Members_of_ft_have_defaults_in_0_1_and_are_required_in_1_0()
    {
        foreach (var name in (string[])["outbox_seq", "degraded", "fallbacks", "clock_skew_ms"])
        {
            foreach (var document in (PcsDocument[])[Ordinary.V01, Ordinary.V10.Signed()])
            {
                var expected = document.Version == PcsVersion.V01 ? null : "member_missing";
                var node = JsonNode.Parse(document.ToJson())!;
                node["ft"]![name] = null;
                Ordinary.Refusal(node.ToJsonString()).ShouldBe(expected);
                node["ft"]!.AsObject().Remove(name);
                Ordinary.Refusal(node.ToJsonString()).ShouldBe(expected);
            }
        }
    }

    [Fact]
    public void Unsigned_is_spelt_in_three_ways_in_0_1()
    {
        Ordinary.Read(Encoding.UTF8.GetBytes(Ordinary.V01.With("sig", ""))).ShouldBe(Ordinary.V01);
        Ordinary.Read(Encoding.UTF8.GetBytes(Ordinary.V01.With("sig", null))).ShouldBe(Ordinary.V01);
        Ordinary.Read(Encoding.UTF8.GetBytes(Ordinary.V01.Without("sig"))).ShouldBe(Ordinary.V01);
        Ordinary.Read(Encoding.UTF8.GetBytes(Ordinary.V10.With("sig", ""))).ShouldBe(Ordinary.V10);
    }

    [Fact]
    public void A_member_of_another_type_is_refused()
    {
        foreach (var document in (PcsDocument[])[Ordinary.V01.Signed(), Ordinary.V10.Signed()])
        {
            foreach (var name in Names(document))
            {
                var array = name is "scales" or "v_star" ? "[\"1\"]" : "[1]";
                foreach (var wrong in (string[])["true", "{\"a\":[1]}", "[[]]", "[{}]", array])
                {
                    // Members of `ft` are another matter.
                    if (name == "ft" && wrong.StartsWith('{')) continue;
                    Ordinary.Refusal(document.With(name, JsonNode.Parse(wrong))).ShouldBe("member_type", name);
                }
            }
        }
    }

    [Theory]
    [InlineData("2.0")]
    [InlineData("1e2")]
    [InlineData("9223372036854775808")]
    [InlineData("\"2\"")]
    public void An_integer_has_neither_fraction_nor_exponent_and_fits_64_bits(string value)
    {
        foreach (var name in (string[])["epoch", "attempt", "seed"])
            Ordinary.Refusal(Ordinary.V01.WithRaw(name, value)).ShouldBe("member_type");

        Ordinary.Refusal(Ordinary.V01.WithRaw("scales", $"[2,{value}]")).ShouldBe("member_type");
        Ordinary.Refusal(Ordinary.V01.WithRaw("N_j", $"{{\"2\":{value}}}")).ShouldBe("member_type");
        Ordinary.Refusal(Ordinary.V01.WithRaw("ft", $"{{\"outbox_seq\":{value}}}")).ShouldBe("member_type");
    }

    static IEnumerable<string> Names(PcsDocument document) =>
        JsonNode.Parse(document.ToJson())!.AsObject().Select(member => member.Key).ToList();
}
