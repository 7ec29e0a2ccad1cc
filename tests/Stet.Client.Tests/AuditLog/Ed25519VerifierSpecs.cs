using System.Numerics;
using Stet.AuditLog.Tests;
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

    [Fact]
    public void The_vectors_of_the_RFC_verify()
    {
        Ed25519Vector.Rfc8032.Count.ShouldBe(5);
        foreach (var v in Ed25519Vector.Rfc8032)
        {
            Ed25519Verifier.Verify(Convert.FromHexString(v.PublicKey), Convert.FromHexString(v.Message), Convert.FromHexString(v.Signature))
                .ShouldBeTrue(v.Name);
        }
    }

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
