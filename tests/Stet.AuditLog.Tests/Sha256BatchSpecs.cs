using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit.Abstractions;

namespace Stet.AuditLog.Tests;

public class Sha256BatchSpecs(ITestOutputHelper output)
{
    /// <summary>Side by side only where the processor can.</summary>
    static bool[] Ways { get; } = Sha256Lanes.AreSupported ? [false, true] : [false];

    [Fact]
    public void The_examples_of_nist_come_out_in_every_way()
    {
        output.WriteLine(Sha256Lanes.AreSupported ? "with and without lanes" : "without lanes: this processor has none");
        (string Message, string Hash)[] examples =
        [
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
            ("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"),
            (new string('a', 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ];

        foreach (var inLanes in Ways)
            Hash([.. examples.Select(e => Encoding.ASCII.GetBytes(e.Message))], inLanes).ShouldBe(examples.Select(e => Hashes.Hex(e.Hash)));
    }

    [Fact]
    public void Messages_that_fill_their_last_block_to_any_byte_hash_like_the_class_library_hashes_them() =>
        ShouldHash([.. Enumerable.Range(1, 300).Select(RandomNumberGenerator.GetBytes)]);

    [Fact]
    public void Any_number_of_messages_of_any_length_hashes_like_the_class_library_hashes_them() =>
        Prop.ForAll(Messages, ShouldHash).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void A_long_message_among_short_ones_takes_nothing_from_them() =>
        ShouldHash([.. new[] { 250, 16_385, 1, 300, 64, 65, 55, 56, 65_536, 250 }.Select(RandomNumberGenerator.GetBytes)]);

    static Arbitrary<byte[][]> Messages { get; } =
        (from count in Gen.Choose(0, 70)
         from lengths in Gen.Choose(1, 2_001).ArrayOf(count)
         select lengths.Select(RandomNumberGenerator.GetBytes).ToArray()).ToArbitrary();

    static void ShouldHash(byte[][] messages)
    {
        var expected = messages.Select(m => new LogHash(SHA256.HashData(m))).ToArray();
        foreach (var inLanes in Ways) Hash(messages, inLanes).ShouldBe(expected);
    }

    static LogHash[] Hash(byte[][] messages, bool inLanes)
    {
        var hashes = new LogHash[messages.Length];
        var batch = new Sha256Batch(hashes, inLanes);
        foreach (var message in messages) batch.Add(message[0], message.AsSpan(1));
        batch.Complete();
        return hashes;
    }
}
