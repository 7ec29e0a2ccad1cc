using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class StrictTextSpecs
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("600", 600)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Plain_decimals_are_read(string text, long number)
    {
        StrictText.TryDecimal(text, out var read).ShouldBeTrue();
        read.ShouldBe(number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+5")]
    [InlineData("-5")]
    [InlineData("-0")]
    [InlineData(" 5")]
    [InlineData("5 ")]
    [InlineData("05")]
    [InlineData("00")]
    [InlineData("5.0")]
    [InlineData("5e1")]
    [InlineData("1,000")]
    [InlineData("0x5")]
    [InlineData("٥")]
    [InlineData("５")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("99999999999999999999999999")]
    public void Other_spellings_of_numbers_are_refused(string text) =>
        StrictText.TryDecimal(text, out _).ShouldBeFalse();

    [Fact]
    public void A_number_is_read_from_its_own_spelling_only() =>
        Prop.ForAll(ArbMap.Default.ArbFor<DoNotSize<long>>(), number =>
        {
            var text = number.Item.ToString(CultureInfo.InvariantCulture);
            (StrictText.TryDecimal(text, out var read) && read == number.Item).ShouldBe(number.Item >= 0);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("", "")]
    [InlineData("AA==", "00")]
    [InlineData("AAE=", "0001")]
    [InlineData("+/+/", "fbffbf")]
    public void Base64_is_read(string text, string hex)
    {
        StrictText.TryBase64(text, out var bytes).ShouldBeTrue();
        Convert.ToHexStringLower(bytes!).ShouldBe(hex);
    }

    [Theory]
    [InlineData("AB==")]
    [InlineData("AAF=")]
    [InlineData("AA")]
    [InlineData("AA=")]
    [InlineData("AA===")]
    [InlineData("=AA=")]
    [InlineData("AA==AA==")]
    [InlineData(" AA==")]
    [InlineData("AA==\n")]
    [InlineData("A A==")]
    [InlineData("A\tA==")]
    [InlineData("-_-_")]
    [InlineData("ÄÄ==")]
    public void Other_spellings_of_bytes_are_refused(string text) =>
        StrictText.TryBase64(text, out _).ShouldBeFalse();

    [Fact]
    public void Bytes_have_one_spelling() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (bytes, chance) =>
        {
            var text = Convert.ToBase64String(bytes);
            StrictText.TryBase64(text, out var read).ShouldBeTrue();
            read.ShouldBe(bytes);

            var mutated = Mutation.Of(text, "ABab09+/= \n-_", new Random(chance));
            if (StrictText.TryBase64(mutated, out var other)) Convert.ToBase64String(other).ShouldBe(mutated);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Theory]
    [InlineData("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", true)]
    [InlineData("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==", false)]
    [InlineData("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA", false)]
    [InlineData("", false)]
    public void A_hash_has_32_bytes(string text, bool accepted)
    {
        StrictText.TryHash(text, out var hash).ShouldBe(accepted);
        (hash == LogHash.EmptyRoot).ShouldBe(accepted);
    }
}
