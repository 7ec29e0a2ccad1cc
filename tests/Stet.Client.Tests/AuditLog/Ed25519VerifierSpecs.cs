using System.Numerics;
using Stet.Client.AuditLog.Formats;
using Ed25519 = Stet.AuditLog.Ed25519;

namespace Stet.Client.Tests.AuditLog;

public class Ed25519VerifierSpecs
{
    static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    static readonly byte[] Seed = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    static readonly byte[] Key = Ed25519.Managed.PublicKey(Seed);
    static readonly byte[] Message = "a message"u8.ToArray();
    static readonly byte[] Signature = Ed25519.Managed.Sign(Seed, Message);

    // RFC 8032, 7.1: tests 1, 2, 3 and SHA(abc).
    [Theory]
    [InlineData(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    [InlineData(
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704")]
    public void The_vectors_of_the_RFC_verify(string key, string message, string signature) =>
        Ed25519Verifier.Verify(Convert.FromHexString(key), Convert.FromHexString(message), Convert.FromHexString(signature)).ShouldBeTrue();

    [Fact]
    public void Any_changed_byte_of_key_message_or_signature_is_refused()
    {
        Ed25519Verifier.Verify(Key, Message, Signature).ShouldBeTrue();

        for (var i = 0; i < Signature.Length; i++) Ed25519Verifier.Verify(Key, Message, Flipped(Signature, i)).ShouldBeFalse();
        for (var i = 0; i < Key.Length; i++) Ed25519Verifier.Verify(Flipped(Key, i), Message, Signature).ShouldBeFalse();
        for (var i = 0; i < Message.Length; i++) Ed25519Verifier.Verify(Key, Flipped(Message, i), Signature).ShouldBeFalse();
    }

    [Fact]
    public void An_S_that_is_larger_by_the_order_is_refused()
    {
        var s = new BigInteger(Signature.AsSpan(32), isUnsigned: true) + Order;
        byte[] larger = [.. Signature[..32], .. s.ToByteArray(isUnsigned: true).Concat(new byte[32]).Take(32)];

        Ed25519Verifier.Verify(Key, Message, larger).ShouldBeFalse();
    }

    [Fact]
    public void Keys_and_signatures_of_another_length_are_refused()
    {
        Ed25519Verifier.Verify(Key.AsSpan(0, 31), Message, Signature).ShouldBeFalse();
        Ed25519Verifier.Verify([.. Key, 0], Message, Signature).ShouldBeFalse();
        Ed25519Verifier.Verify(Key, Message, Signature.AsSpan(0, 63)).ShouldBeFalse();
        Ed25519Verifier.Verify(Key, Message, [.. Signature, 0]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")] // no x for y = 2
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")] // x = 0 with a sign
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = p
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = p + 1, which is 1
    public void What_is_no_canonical_point_is_no_key(string key) =>
        Ed25519Verifier.IsKey(Convert.FromHexString(key)).ShouldBeFalse();

    [Fact]
    public void The_cofactor_is_not_multiplied_away()
    {
        // A point of order two added to R and to the key: equal only after a multiplication by eight.
        byte[] minusOne = [0xEC, .. Enumerable.Repeat((byte)0xFF, 30), 0x7F];
        byte[] signature = [.. minusOne, .. new byte[32]];

        // The key of order two, S = 0: [0]B - [h]A is the neutral point or A itself, by the parity of h.
        var verdicts = Enumerable.Range(0, 16).Select(i => Ed25519Verifier.Verify(minusOne, [(byte)i], signature)).ToList();

        verdicts.ShouldContain(true);
        verdicts.ShouldContain(false);
    }

    [Fact]
    public void It_agrees_with_the_signer()
    {
        for (byte i = 1; i <= 16; i++)
        {
            byte[] seed = [.. Seed[..31], i];
            byte[] message = [.. Enumerable.Repeat(i, i * 7)];
            var signature = Ed25519.Managed.Sign(seed, message);

            Ed25519Verifier.Verify(Ed25519.Managed.PublicKey(seed), message, signature).ShouldBeTrue();
            Ed25519Verifier.Verify(Key, message, signature).ShouldBeFalse();
        }
    }

    static byte[] Flipped(byte[] bytes, int index)
    {
        var flipped = bytes.ToArray();
        flipped[index] ^= 1;
        return flipped;
    }
}
