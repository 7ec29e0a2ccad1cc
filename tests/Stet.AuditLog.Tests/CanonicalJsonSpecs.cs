using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Stet.AuditLog.Tests;

public class CanonicalJsonSpecs
{
    const string Sent =
        """
        {"text": "Gr\u00fc\u00dfe <b>+1</b>\u2028\u0007", "weight": 1.50, "big": 1e22, "tiny": 0.0000001,
         "minus_zero": -0.0, "n": 9007199254740991, "tags": ["b", "a"], "\ufb33": null, "\ud83d\ude00": true}
        """;

    [Fact]
    public void The_vector_of_the_specification_has_its_150_bytes_and_its_hash()
    {
        var form = Encoding.UTF8.GetBytes(Canonical.Form(Sent));

        form.Length.ShouldBe(150);
        Convert.ToHexStringLower(SHA256.HashData(form))
            .ShouldBe("0bc25c1868abfd7b5c9e49ede59a22b172773410d9846cade0ba63e7aa0a45bb");
    }

    [Fact]
    public void The_example_of_rfc_8785_gets_the_form_printed_there() =>
        Canonical.Form(
            """
            {
              "numbers": [333333333.33333325, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """)
            .ShouldBe(
            """
            {"literals":[null,true,false],"numbers":[333333333.33333325,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}
            """);

    [Fact]
    public void Members_are_sorted_by_utf16_code_units_of_their_unescaped_names() =>
        Canonical.Form(
            """
            {"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7,"\"":8,"":9,"A":10,"\\":11}
            """)
            .ShouldBe(
                "{\"\":9,\"\\r\":2,\"\\\"\":8,\"1\":4,\"A\":10,\"\\\\\":11," +
                "\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}");

    [Fact]
    public void Members_are_sorted_at_every_level() =>
        Canonical.Form("""{"b":{"d":[{"f":1,"e":2}],"c":{}},"a":[]}""")
            .ShouldBe("""{"a":[],"b":{"c":{},"d":[{"e":2,"f":1}]}}""");

    [Theory]
    [InlineData("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"")]
    [InlineData("\"\\u0022\\u005C\\u002f\\u0008\\u000C\\u000a\\u000D\\u0009\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"")]
    [InlineData("\"\\u0001\\u000B\\u000e\\u001F\"", "\"\\u0001\\u000b\\u000e\\u001f\"")]
    [InlineData("\"\\u007F\\u00e9e\\u0301\\u2028\\uFEFF\\uD83D\\uDE00\"", "\"\u007Fée\u0301\u2028\uFEFF😀\"")]
    [InlineData("\"\u007Fée\u0301\u2028\uFEFF😀<>&'+\"", "\"\u007Fée\u0301\u2028\uFEFF😀<>&'+\"")]
    public void Strings_are_escaped_where_json_demands_it_and_nowhere_else(string json, string form) =>
        Canonical.Form(json).ShouldBe(form);

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "0")]
    [InlineData("0.000e99999999999999999999", "0")]
    [InlineData("-17", "-17")]
    [InlineData("1.50", "1.5")]
    [InlineData("1E2", "100")]
    [InlineData("100e-2", "1")]
    [InlineData("120.0e-1", "12")]
    [InlineData("1e21", "1e+21")]
    [InlineData("1e20", "100000000000000000000")]
    [InlineData("-1.25e-9", "-1.25e-9")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    [InlineData("123456789012345680000", "123456789012345680000")]
    [InlineData("999999999999999", "999999999999999")]
    [InlineData("9007199254740992", "9007199254740992")]
    [InlineData("9007199254740991.000", "9007199254740991")]
    [InlineData("0.1000000000000000000000000000000", "0.1")]
    [InlineData("2.9802322387695312e-8", "2.9802322387695312e-8")]
    [InlineData("-4.1045368012983762e-289", "-4.1045368012983762e-289")]
    public void Numbers_are_printed_as_ecmascript_prints_them(string json, string form) =>
        Canonical.Form(json).ShouldBe(form);

    // RFC 8785, appendix B, without NaN and Infinity, which JSON cannot spell.
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x8000000000000001, "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffff, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0xc340000000000000, "-9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x44b52d02c7e14af7, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0x41b3de4355555554, "333333333.33333325")]
    [InlineData(0x41b3de4355555555, "333333333.3333333")]
    [InlineData(0x41b3de4355555556, "333333333.3333334")]
    [InlineData(0x41b3de4355555557, "333333333.33333343")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void The_doubles_of_rfc_8785_are_printed_as_there(ulong bits, string form) =>
        Canonical.Form(BitConverter.UInt64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture))
            .ShouldBe(form);

    [Theory]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("0.10000000000000001", "0.1")]
    [InlineData("333333333.33333329", "333333333.3333333")]
    [InlineData("295147905179352825856", "295147905179352830000")]
    [InlineData("-1.0000000000000000000000000000001", "-1")]
    [InlineData("1e-400", "0")]
    [InlineData("2.98023223876953125e-8", "2.9802322387695312e-8")]
    [InlineData("-1e-400", "0")]
    [InlineData("1.00000000000000001e-310", "1e-310")]
    [InlineData("3e-324", "5e-324")]
    public void A_number_that_a_double_does_not_carry_is_refused_with_what_would_be_kept(string number, string kept) =>
        Canonical.Refusal($"[0,{number}]").ShouldBe(new CanonicalJsonError(
            "/1",
            $"The number `{number}` would be kept as `{kept}`, which is not the same: " +
            "round it to at most 15 digits or send it as a string."));

    [Theory]
    [InlineData("1e400")]
    [InlineData("-1e309")]
    [InlineData("1e99999999999999999999")]
    public void A_number_beyond_the_doubles_is_refused(string number) =>
        Canonical.Refusal(number).ShouldBe(new CanonicalJsonError(
            "", $"The number `{number}` is beyond the range of a double (IEEE 754): send it as a string."));

    [Fact]
    public void A_long_number_is_quoted_in_part() =>
        Canonical.Refusal(new string('7', 200)).Reason
            .ShouldStartWith($"The number `{new string('7', 40)}…` would be kept as");

    [Theory]
    [InlineData("""{"a":["x","\u0000"]}""", "/a/1")]
    [InlineData("""{"a":{"b\u0000":1}}""", "/a")]
    public void A_null_character_is_refused(string json, string pointer) =>
        Canonical.Refusal(json).ShouldBe(new CanonicalJsonError(
            pointer, "A string or member name holds U+0000, which cannot be stored: leave it out."));

    [Theory]
    [InlineData("""["\ud800"]""", "/0")]
    [InlineData("""["\udc00"]""", "/0")]
    [InlineData("""["\ud83d\ud83d"]""", "/0")]
    [InlineData("""["\ud83d\n"]""", "/0")]
    [InlineData("""["\ud83dx\ude00"]""", "/0")]
    [InlineData("""["\ude00\ud83d"]""", "/0")]
    [InlineData("""{"\ud800":1}""", "")]
    public void Half_a_surrogate_pair_is_refused(string json, string pointer) =>
        Canonical.Refusal(json).ShouldBe(new CanonicalJsonError(
            pointer, "A string or member name holds half a surrogate pair, which is no character: send both halves."));

    [Theory]
    [InlineData("""{"a":1,"b":2,"a":3}""", "/a")]
    [InlineData("""{"a":1,"\u0061":1}""", "/a")]
    [InlineData("""{"é":1,"\u00e9":2}""", "/é")]
    [InlineData("""[{"x":{"~/":1,"~\/":2}}]""", "/0/x/~0~1")]
    [InlineData("""{"":1,"":2}""", "/")]
    public void A_member_that_occurs_twice_is_refused_however_it_is_spelt(string json, string pointer) =>
        Canonical.Refusal(json).ShouldBe(new CanonicalJsonError(
            pointer, "The object has this member more than once: send it once."));

    [Fact]
    public void Objects_beside_each_other_may_share_member_names() =>
        Canonical.Form("""{"b":{"a":1},"a":{"a":[{"a":2},{"a":3}]}}""")
            .ShouldBe("""{"a":{"a":[{"a":2},{"a":3}]},"b":{"a":1}}""");

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("""{"a":1,}""")]
    [InlineData("""{"a" 1}""")]
    [InlineData("{a:1}")]
    [InlineData("'a'")]
    [InlineData("[1] 2")]
    [InlineData("1 // one")]
    [InlineData("/* one */ 1")]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1e")]
    [InlineData("-")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("nul")]
    [InlineData("TRUE")]
    [InlineData("\"a")]
    [InlineData("\"a\nb\"")]
    [InlineData("\"a\0b\"")]
    [InlineData("\"\\x\"")]
    [InlineData("\"\\u12g4\"")]
    [InlineData("\uFEFF1")]
    public void Malformed_json_is_refused(string json) =>
        Canonical.Refusal(json).Reason
            .ShouldStartWith("The text is not a JSON value (RFC 8259): look at line 1, byte ");

    [Fact]
    public void Malformed_json_is_located_by_container_line_and_byte() =>
        Canonical.Refusal("{\"a\":\n [1,\n  2,]}").ShouldBe(new CanonicalJsonError(
            "/a",
            "The text is not a JSON value (RFC 8259): look at line 3, byte 5. " +
            "Comments, trailing commas and anything after the value are refused."));

    [Theory]
    [InlineData("22ff22")]         // a byte that never occurs
    [InlineData("22c0af22")]       // an overlong slash
    [InlineData("22eda08022")]     // a raw surrogate
    [InlineData("22f490808022")]   // beyond U+10FFFF
    [InlineData("22e28222")]       // cut short
    public void Invalid_utf8_is_refused(string hex) =>
        Canonical.Refusal(Convert.FromHexString(hex)).ShouldBe(new CanonicalJsonError(
            "", "The text is not valid UTF-8 (RFC 3629): send it in that encoding."));

    [Fact]
    public void A_value_may_be_nested_32_deep_and_no_deeper()
    {
        var deepest = new string('[', 32) + new string(']', 32);

        Canonical.Form(deepest).ShouldBe(deepest);
        Canonical.Refusal($"[{deepest}]").ShouldBe(new CanonicalJsonError(
            string.Concat(Enumerable.Repeat("/0", 32)),
            "Objects and arrays may be nested at most 32 deep: flatten the value.", TooDeep: true));
    }

    [Theory]
    [InlineData(0, "1", true)]
    [InlineData(0, "[]", false)]
    [InlineData(1, """{"a":1}""", true)]
    [InlineData(1, """{"a":{}}""", false)]
    public void The_caller_may_set_the_depth(int maxDepth, string json, bool accepted) =>
        (Canonical.TryForm(Encoding.UTF8.GetBytes(json), out _, maxDepth) is not null).ShouldBe(accepted);

    [Theory]
    [InlineData(-1)]
    [InlineData(257)]
    public void A_depth_out_of_range_is_a_mistake_of_the_program(int maxDepth) =>
        Should.Throw<ArgumentOutOfRangeException>(() => Canonical.TryForm("1"u8.ToArray(), out _, maxDepth));

    [Fact]
    public void Large_values_grow_beyond_their_first_buffer()
    {
        var numbers = $"[{string.Join(',', Enumerable.Repeat("1e20", 5_000))}]";
        var names = Enumerable.Range(0, 5_000).Select(i => $"\"{i:d4}\":1e20").ToList();

        Canonical.Form(numbers).ShouldBe(Printed(numbers));
        Canonical.Form($"{{{string.Join(',', names.AsEnumerable().Reverse())}}}")
            .ShouldBe(Printed($"{{{string.Join(',', names)}}}"));

        static string Printed(string json) => json.Replace("1e20", "100000000000000000000", StringComparison.Ordinal);
    }
}
