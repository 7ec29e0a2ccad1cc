using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Stet.Client.AuditLog.Formats;
using Writer = Stet.AuditLog.CanonicalJson;

namespace Stet.Client.Tests.AuditLog;

public class CanonicalJsonSpecs
{
    static readonly CanonicalJson canonicalJson = new();

    [Theory]
    [InlineData("-0.0", "0")]
    [InlineData("1.50", "1.5")]
    [InlineData("1E2", "100")]
    [InlineData("1e21", "1e+21")]
    [InlineData("100e19", "1e+21")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("123456789012345680000", "123456789012345680000")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    [InlineData("2.9802322387695312e-8", "2.9802322387695312e-8")]
    [InlineData("2.980232238769531e-8", "2.980232238769531e-8")]
    [InlineData("-12.5e-1", "-1.25")]
    [InlineData("0.00120e+3", "1.2")]
    [InlineData("-100.500", "-100.5")]
    [InlineData("9007199254740991", "9007199254740991")]
    [InlineData("0e999999999999", "0")]
    public void Numbers_are_laid_out_as_ECMAScript_does(string number, string canonical) => Form(number).ShouldBe(canonical);

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("0.10000000000000001")]
    [InlineData("333333333.33333329")]
    [InlineData("1e400")]
    [InlineData("1e-400")]
    [InlineData("1e99999999999999999999")]
    [InlineData("1e-99999999999999999999")]
    [InlineData("3e-324")]
    [InlineData("123456789012345678901234567890")]
    public void Numbers_that_no_double_prints_are_refused(string number) => Form(number).ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{a:1}")]
    [InlineData("[1,]")]
    [InlineData("[1 2]")]
    [InlineData("[")]
    [InlineData("01")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("+1")]
    [InlineData("-")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("nul")]
    [InlineData("NaN")]
    [InlineData("1 1")]
    [InlineData("\"a")]
    [InlineData("\"\n\"")]
    [InlineData("\"\\x\"")]
    [InlineData("\"\\u12\"")]
    [InlineData("\"\\u0000\"")]
    [InlineData("\"\\ud83d\"")]
    [InlineData("\"\\ud83d\\u0041\"")]
    [InlineData("\"\\ude00\"")]
    [InlineData("{\"a\":1,\"\\u0061\":2}")]
    public void What_is_not_JSON_or_not_unambiguous_is_refused(string json) => Form(json).ShouldBeNull();

    [Fact]
    public void Invalid_UTF8_and_bottomless_nesting_are_refused()
    {
        canonicalJson.TryConvert([(byte)'"', 0xFF, (byte)'"'], out _, out var invalid).ShouldBeFalse();
        invalid.ShouldBe("is not valid UTF-8");

        Form(new string('[', 65) + new string(']', 65)).ShouldNotBeNull();
        Form(new string('[', 66) + new string(']', 66)).ShouldBeNull();
        Form(new string('[', 1_000_000)).ShouldBeNull();
    }

    /// <summary>The vector of the format, from the text as sent to the leaf.</summary>
    [Fact]
    public void The_payload_of_the_vector_has_its_canonical_form_and_commitment()
    {
        const string sent = """
            {"text": "Gr\u00fc\u00dfe <b>+1</b>\u2028\u0007", "weight": 1.50, "big": 1e22, "tiny": 0.0000001, "minus_zero": -0.0,
             "n": 9007199254740991, "tags": ["b", "a"], "\ufb33": null, "\ud83d\ude00": true}
            """;
        var canonical = Encoding.UTF8.GetBytes(Form(sent)!);
        var commit = new byte[32];
        Commitment.Compute(Convert.FromHexString("905729b07f950c4ca543d6f63f9f59a39c56603d8b95c660d2054dd0fdc96437"), canonical, new ByteList(), commit);

        canonical.Length.ShouldBe(150);
        Convert.ToHexStringLower(SHA256.HashData(canonical)).ShouldBe("0bc25c1868abfd7b5c9e49ede59a22b172773410d9846cade0ba63e7aa0a45bb");
        Convert.ToBase64String(commit).ShouldBe("X/hIEqe5r+lH6EYLd/eDytEr3nzBBkJ6c3ClgCCgDQs=");
    }

    [Fact]
    public void Members_are_sorted_by_UTF16_code_units_at_every_depth() =>
        Form("""{"\ufb33": 1, "\ud83d\ude00": 2, "b": {"z": [], "": {}}, "a\"": 3, "a\u0001": 4, "a": 5}""")
            .ShouldBe("{\"a\":5,\"a\\u0001\":4,\"a\\\"\":3,\"b\":{\"\":{},\"z\":[]},\"\ud83d\ude00\":2,\"\ufb33\":1}");

    [Fact]
    public void Every_double_is_taken_as_ECMAScript_prints_it()
    {
        Prop.ForAll(Gen.Choose(int.MinValue, int.MaxValue).Two().ToArbitrary(), halves =>
        {
            var value = BitConverter.Int64BitsToDouble(((long)halves.Item1 << 32) | (uint)halves.Item2);
            if (!double.IsFinite(value)) return;

            var printed = value.ToString("R", CultureInfo.InvariantCulture);
            if (double.Parse(printed, CultureInfo.InvariantCulture) != value) return;
            var form = Form(printed).ShouldNotBeNull(printed);
            double.Parse(form, CultureInfo.InvariantCulture).ShouldBe(value);
            Form(form).ShouldBe(form);
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>Two implementations that share no code agree on what is canonical and what is refused.</summary>
    [Fact]
    public void It_agrees_with_the_writer_on_any_JSON()
    {
        Prop.ForAll(Json(3).ToArbitrary(), json =>
        {
            var output = new ArrayBufferWriter<byte>();
            var written = Writer.TryWrite(Encoding.UTF8.GetBytes(json), output, out _) ? Encoding.UTF8.GetString(output.WrittenSpan) : null;

            Form(json).ShouldBe(written, json);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    static Gen<string> Json(int depth)
    {
        string[] strings = ["", "a", "b", "\\u0061", "é", "\\ud83d\\ude00", "\\ufb33", "\\n", "\\u001f", "\\/", "\\\\", "\\\"", "x\u2028", "\\ud800", "\u007f"];
        string[] numbers =
        [
            "0", "-0", "1", "10", "1.0", "1e3", "1E-3", "-1.25", "0.1", "0.30000000000000004", "9007199254740993", "1e21", "1e22", "123e-20",
            "5e-324", "1.7976931348623157e308", "1e309", "2.9802322387695312e-08", "4.35", "0.000001", "1e-7", "12345678901234567", "72057594037927940",
        ];
        var text = Gen.Elements(strings).Two().Select(p => $"\"{p.Item1}{p.Item2}\"");
        var random = Gen.Choose(1, int.MaxValue).Two().Select(p => $"{p.Item1}{p.Item2 % 100000000}e{(p.Item2 % 600) - 300}");
        var scalar = Gen.OneOf(text, Gen.Elements(numbers), random, Gen.Elements("true", "false", "null", " null "));
        if (depth == 0) return scalar;

        var array = Json(depth - 1).ArrayOf(3).Select(v => $"[{string.Join(" ,", v)}]");
        var member = from name in text from value in Json(depth - 1) select $"{name} :{value}";
        var body = member.ArrayOf(4).Select(m => $"{{{string.Join(",", m)}}}");
        return Gen.OneOf(scalar, array, body);
    }

    static string? Form(string json) =>
        canonicalJson.TryConvert(Encoding.UTF8.GetBytes(json), out var canonical, out _) ? Encoding.UTF8.GetString(canonical) : null;
}
