using System.Globalization;
using System.Numerics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.Pcs.Tests;

public class RoundingSpecs
{
    [Fact]
    public void Every_rounding_gives_the_digits_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("rounding"))
        {
            var x = vector.Number("x");
            var text = vector.GetRawText();

            Bits(Rounding.Exact(x)).ShouldBe(Bits(vector.Number("exact")), text);
            Bits(Rounding.Scaled(x)).ShouldBe(Bits(vector.Number("scaled")), text);
            Number(Rounding.A(x), NumberStyle.T1).ShouldBe(vector.Text("form_A"), text);
            Number(Rounding.G(x), NumberStyle.T2).ShouldBe(vector.Text("form_B_and_G"), text);
            Number(Rounding.J(x), NumberStyle.EcmaScript).ShouldBe(vector.Text("form_J"), text);
        }
    }

    [Fact]
    public void Every_number_text_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("number_text"))
        {
            var x = vector.Number("x");
            Number(x, NumberStyle.T1).ShouldBe(vector.Text("form_A"));
            Number(x, NumberStyle.T2).ShouldBe(vector.Text("form_B_and_G"));
            Number(x, NumberStyle.EcmaScript).ShouldBe(vector.Text("form_J_and_rfc8785"));
        }
    }

    [Theory]
    [InlineData(0.1234567885, 788, 788, 789, 789)]
    [InlineData(0.3242333335, 333, 334, 334, 334)]
    [InlineData(1.0000000005, 1, 0, 1, 1)]
    [InlineData(2.1298046045, 604, 604, 605, 604)]
    public void The_roundings_differ_in_the_last_digits(double x, int exact, int scaled, int a, int g)
    {
        LastDigits(Rounding.Exact(x)).ShouldBe(exact);
        LastDigits(Rounding.Scaled(x)).ShouldBe(scaled);
        LastDigits(Rounding.A(x)).ShouldBe(a);
        LastDigits(Rounding.G(x)).ShouldBe(g);
    }

    [Theory]
    [InlineData(9999999999999998.0, "9999999999999998.0", "9999999999999998")]
    [InlineData(1e16, "1e+16", "10000000000000000")]
    [InlineData(1e20, "1e+20", "100000000000000000000")]
    [InlineData(1.5e21, "1.5e+21", "1.5e+21")]
    [InlineData(-1.7976931348623157e308, "-1.7976931348623157e+308", "-1.7976931348623157e+308")]
    [InlineData(5e-324, "5e-324", "5e-324")]
    [InlineData(0.00001234, "1.234e-05", "0.00001234")]
    [InlineData(2.98023223876953125e-8, "2.9802322387695312e-08", "2.9802322387695312e-8")]
    public void Numbers_at_the_edges_are_laid_out_as_their_producers_do(double x, string t1, string t2)
    {
        Number(x, NumberStyle.T1).ShouldBe(t1);
        Number(x, NumberStyle.T2).ShouldBe(t2);
    }

    [Fact]
    public void Any_finite_number_is_rounded_and_printed_so_that_it_reads_back() =>
        Holds(value =>
        {
            foreach (var style in Enum.GetValues<NumberStyle>())
                double.Parse(Number(value, style), CultureInfo.InvariantCulture).ShouldBe(value);

            foreach (var rounded in (double[])[Rounding.A(value), Rounding.G(value), Rounding.J(value)])
                double.IsFinite(rounded).ShouldBeTrue();
        });

    [Fact]
    public void Rule_A_rounds_the_shortest_text_half_away_from_zero() =>
        Holds(value => Bits(Rounding.A(value)).ShouldBe(Bits(IndependentA(value))));

    [Fact]
    public void The_exact_rounding_takes_the_exact_value_ties_to_even() =>
        Holds(value => Bits(Rounding.Exact(value)).ShouldBe(Bits(IndependentExact(value))));

    [Fact]
    public void Nine_decimals_are_printed_as_the_platform_prints_them() =>
        Holds(value =>
        {
            Span<byte> text = stackalloc byte[NineDecimals.Room];
            Encoding.ASCII.GetString(text[..NineDecimals.Write(value, text)]).ShouldBe(value.ToString("F9", CultureInfo.InvariantCulture));
        });

    [Fact]
    public void Numbers_of_nine_decimals_agree_under_every_rule() =>
        Prop.ForAll(ArbMap.Default.ArbFor<DoNotSize<int>>(), billionths =>
        {
            var value = billionths.Item / 1e9;
            foreach (var rounded in (double[])
                     [
                         Rounding.Exact(value), Rounding.Scaled(value), Rounding.A(value), Rounding.G(value),
                         Rounding.J(value),
                     ])
            {
                rounded.ShouldBe(value);
            }
        }).QuickCheckThrowOnFailure();

    internal static string Number(double value, NumberStyle style)
    {
        var text = new TextBuffer(stackalloc byte[4]);
        NumberText.Write(ref text, value, style);
        return Encoding.UTF8.GetString(text.ToArrayAndDispose());
    }

    /// <summary>On the text of .NET, digit by digit, in decimal arithmetic of any size.</summary>
    static double IndependentA(double value)
    {
        var text = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        if (double.Parse(text, CultureInfo.InvariantCulture) != Math.Abs(value))
            text = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture);

        var parts = text.Split('E');
        var exponent = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var decimals = (point < 0 ? 0 : parts[0].Length - point - 1) - exponent;
        var digits = BigInteger.Parse(
            parts[0].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        if (decimals <= 9) return value;

        var unit = BigInteger.Pow(10, decimals - 9);
        var rounded = double.Parse($"{(digits + (unit / 2)) / unit}e-9", CultureInfo.InvariantCulture);
        return double.IsNegative(value) ? -rounded : rounded;
    }

    static double IndependentExact(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        var exponent = (int)(bits >> 52);
        var significand = new BigInteger(bits & ((1L << 52) - 1) | (exponent == 0 ? 0 : 1L << 52));
        var shift = Math.Max(exponent, 1) - 1075;
        if (shift >= 0) return value;

        var (quotient, rest) = BigInteger.DivRem(significand * 1_000_000_000, BigInteger.One << -shift);
        var half = BigInteger.One << (-shift - 1);
        if (rest > half || (rest == half && !quotient.IsEven)) quotient++;
        var rounded = double.Parse($"{quotient}e-9", CultureInfo.InvariantCulture);
        return double.IsNegative(value) ? -rounded : rounded;
    }

    static int LastDigits(double value) => (int)(Math.Round(value * 1e9) % 1000);

    static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);

    /// <summary>For numbers of all sizes, near ties among them.</summary>
    static void Holds(Action<double> law)
    {
        var anything = ArbMap.Default.ArbFor<DoNotSize<ulong>>().Generator
            .Select(bits => BitConverter.UInt64BitsToDouble(bits.Item)).Where(double.IsFinite);
        var usual = ArbMap.Default.ArbFor<DoNotSize<int>>().Generator.Select(n => n.Item / 7e8);
        var ties = ArbMap.Default.ArbFor<DoNotSize<int>>().Generator.Select(n => (n.Item * 10L + 5) / 1e10);
        var binaryTies = ArbMap.Default.ArbFor<DoNotSize<int>>().Generator.Select(n => n.Item / 1024.0);
        var large = ArbMap.Default.ArbFor<DoNotSize<long>>().Generator.Select(n => n.Item / 1e12);

        Prop.ForAll(Gen.OneOf(anything, usual, ties, binaryTies, large).ToArbitrary(), law)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }
}
