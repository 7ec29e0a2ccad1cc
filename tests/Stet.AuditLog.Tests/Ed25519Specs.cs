using System.Numerics;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class Ed25519Specs
{
    // RFC 8032, 5.1.
    static readonly BigInteger Order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");

    static readonly Ed25519[] Implementations =
        Ed25519.OpenSsl is { } openSsl ? [Ed25519.Managed, openSsl] : [Ed25519.Managed];

    // x = 0, y = 1.
    static readonly byte[] Neutral = [1, .. new byte[31]];

    static readonly byte[] Seed = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    static readonly byte[] Key = Ed25519.Managed.PublicKey(Seed);
    static readonly byte[] Message = "a message"u8.ToArray();
    static readonly byte[] Signature = Ed25519.Managed.Sign(Seed, Message);

    public static TheoryData<Ed25519> Every => [.. Implementations];

    public static TheoryData<Ed25519, Ed25519Vector> EveryVector
    {
        get
        {
            var data = new TheoryData<Ed25519, Ed25519Vector>();
            foreach (var ed25519 in Implementations)
                foreach (var vector in Ed25519Vector.Rfc8032.Append(Ed25519Vector.SignedNote))
                    data.Add(ed25519, vector);

            return data;
        }
    }

    [Fact]
    public void OpenSsl_is_the_default_where_it_is_installed() =>
        Ed25519.Default.ShouldBe(Ed25519.OpenSsl ?? Ed25519.Managed);

    [Fact]
    public void OpenSsl_is_found_where_dotnet_itself_runs_on_version_3()
    {
        var isThere = OperatingSystem.IsLinux() && SafeEvpPKeyHandle.OpenSslVersion >= 0x3000_0000;

        (isThere && Ed25519.OpenSsl is null).ShouldBeFalse();
    }

    [Theory]
    [InlineData("stet-no-such-library")]
    [InlineData("libc.so.6")]
    [InlineData("kernel32.dll")]
    public void A_missing_library_or_one_without_the_functions_is_not_used(string fileName) =>
        OpenSslEd25519.TryLoad(fileName).ShouldBeNull();

    [Theory, MemberData(nameof(EveryVector))]
    public void A_seed_gives_the_public_key_and_the_signature_of_the_vector(Ed25519 ed25519, Ed25519Vector vector)
    {
        var (seed, message) = (Convert.FromHexString(vector.Seed), Convert.FromHexString(vector.Message));

        Convert.ToHexStringLower(ed25519.PublicKey(seed)).ShouldBe(vector.PublicKey);
        Convert.ToHexStringLower(ed25519.Sign(seed, message)).ShouldBe(vector.Signature);
    }

    [Theory, MemberData(nameof(Every))]
    public void An_opened_key_signs_as_its_seed_does_until_it_is_wiped(Ed25519 ed25519)
    {
        byte[] seed = [.. Seed];
        var key = ed25519.Open(seed);
        CryptographicOperations.ZeroMemory(seed);

        key.Sign(Message).ShouldBe(Signature);
        key.Sign(Message).ShouldBe(Signature);

        key.Dispose();
        Should.Throw<ObjectDisposedException>(() => key.Sign(Message));
    }

    [Theory, MemberData(nameof(EveryVector))]
    public void The_signature_of_the_vector_verifies_and_no_other(Ed25519 ed25519, Ed25519Vector vector)
    {
        var key = Convert.FromHexString(vector.PublicKey);
        var message = Convert.FromHexString(vector.Message);
        var signature = Convert.FromHexString(vector.Signature);

        ed25519.Verify(key, message, signature).ShouldBeTrue();
        ed25519.Verify(key, [.. message, 0], signature).ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Every))]
    public void A_flipped_bit_in_any_byte_of_key_message_or_signature_is_noticed(Ed25519 ed25519)
    {
        foreach (var key in Flipped(Key)) ed25519.Verify(key, Message, Signature).ShouldBeFalse();
        foreach (var message in Flipped(Message)) ed25519.Verify(Key, message, Signature).ShouldBeFalse();
        foreach (var signature in Flipped(Signature)) ed25519.Verify(Key, Message, signature).ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Every))]
    public void Keys_and_signatures_of_another_length_do_not_verify(Ed25519 ed25519)
    {
        foreach (var length in (int[])[0, 1, 31, 33, 64])
            ed25519.Verify(Resized(Key, length), Message, Signature).ShouldBeFalse();

        foreach (var length in (int[])[0, 32, 63, 65, 128])
            ed25519.Verify(Key, Message, Resized(Signature, length)).ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Every))]
    public void A_seed_of_another_length_is_a_mistake_of_the_program(Ed25519 ed25519)
    {
        Should.Throw<ArgumentException>(() => ed25519.Sign(Seed.AsSpan(1), Message)).ParamName.ShouldBe("seed");
        Should.Throw<ArgumentException>(() => ed25519.PublicKey([.. Seed, 0])).ParamName.ShouldBe("seed");
    }

    [Theory, MemberData(nameof(Every))]
    public void An_S_that_is_not_below_the_order_is_refused(Ed25519 ed25519)
    {
        // S and S + L lead to the same point, and so do 0 and L.
        ed25519.Verify(Key, Message, [.. Signature[..32], .. Bytes(Number(Signature[32..]) + Order)]).ShouldBeFalse();
        ed25519.Verify(Neutral, Message, [.. Neutral, .. Bytes(0)]).ShouldBeTrue();
        ed25519.Verify(Neutral, Message, [.. Neutral, .. Bytes(Order)]).ShouldBeFalse();
    }

    // With S = 0 and the neutral R, a lenient reading of these keys as points of small order would verify some message.
    [Theory]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000", "no x belongs to y = 2")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080", "x = 0 has no sign, y = 1")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "x = 0 has no sign, y = -1")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "y = p")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "y = p + 1, the neutral element")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "y = p + 1 with a sign")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "y = 2^255 - 1")]
    public void A_key_that_is_not_the_encoding_of_a_point_is_refused(string key, string why)
    {
        foreach (var ed25519 in Implementations)
            for (byte message = 0; message < 16; message++)
                ed25519.Verify(Convert.FromHexString(key), [message], [.. Neutral, .. Bytes(0)]).ShouldBeFalse(why);
    }

    [Theory, MemberData(nameof(Every))]
    public void R_must_be_the_canonical_encoding(Ed25519 ed25519)
    {
        var alsoNeutral = Convert.FromHexString("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

        ed25519.Verify(Neutral, Message, [.. alsoNeutral, .. Bytes(0)]).ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Every))]
    public void The_cofactor_is_not_used(Ed25519 ed25519)
    {
        // y = -1 has order 2: without the cofactor the equation holds for even challenges only.
        byte[] orderTwo = [0xEC, .. Enumerable.Repeat((byte)0xFF, 30), 0x7F];
        for (byte message = 0; message < 16; message++)
        {
            var challenge = Number(SHA512.HashData([.. Neutral, .. orderTwo, message])) % Order;
            ed25519.Verify(orderTwo, [message], [.. Neutral, .. Bytes(0)]).ShouldBe(challenge.IsEven);
        }
    }

    [Fact]
    public void The_implementations_agree_on_random_seeds_and_messages()
    {
        var openSsl = Ed25519.OpenSsl ?? Ed25519.Managed;

        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), chance =>
        {
            var random = new Random(chance);
            var (seed, message) = (new byte[32], new byte[random.Next(300)]);
            random.NextBytes(seed);
            random.NextBytes(message);

            var key = openSsl.PublicKey(seed);
            var signature = openSsl.Sign(seed, message);
            Ed25519.Managed.PublicKey(seed).ShouldBe(key);
            Ed25519.Managed.Sign(seed, message).ShouldBe(signature);
            Ed25519.Managed.Verify(key, message, signature).ShouldBeTrue();
            openSsl.Verify(key, message, signature).ShouldBeTrue();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(50));
    }

    [Fact]
    public void The_implementations_agree_on_random_keys_and_never_throw()
    {
        var openSsl = Ed25519.OpenSsl ?? Ed25519.Managed;
        // About half of the keys are no points.
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), chance =>
        {
            var (random, key, signature) = (new Random(chance), new byte[32], new byte[64]);
            random.NextBytes(key);
            random.NextBytes(signature);
            signature[63] &= 0x1F;

            Ed25519.Managed.Verify(key, Message, signature).ShouldBe(openSsl.Verify(key, Message, signature));
            Ed25519.Managed.Verify(key, Message, [.. Neutral, .. Bytes(0)])
                .ShouldBe(openSsl.Verify(key, Message, [.. Neutral, .. Bytes(0)]));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    static IEnumerable<byte[]> Flipped(byte[] bytes) =>
        Enumerable.Range(0, bytes.Length).Select(i =>
        {
            var flipped = bytes.ToArray();
            flipped[i] ^= (byte)(1 << (i % 8));
            return flipped;
        });

    static byte[] Resized(byte[] bytes, int length)
    {
        Array.Resize(ref bytes, length);
        return bytes;
    }

    static BigInteger Number(byte[] littleEndian) => new(littleEndian, isUnsigned: true);

    static byte[] Bytes(BigInteger number) => Resized(number.ToByteArray(isUnsigned: true), 32);
}
