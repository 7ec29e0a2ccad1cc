using System.Text;

namespace Stet.AuditLog.Tests;

/// <summary>Notes and keys as text, and both ways to sign.</summary>
static class Notes
{
    public const string Origin = "stet.example/audit/acme";

    public static TheoryData<Ed25519> EveryEd25519 =>
        Ed25519.OpenSsl is { } openSsl ? [Ed25519.Managed, openSsl] : [Ed25519.Managed];

    public static SignerKey Log { get; } = new(Origin, SignatureType.Ed25519, Seed(0x00));

    /// <summary>The key that comes after <see cref="Log"/>.</summary>
    public static SignerKey NextLog { get; } = new(Origin, SignatureType.Ed25519, Seed(0x20));

    public static SignerKey Witness { get; } = new("witness.example/w1", SignatureType.Cosignature, Seed(0x60));

    public static SignerKey OtherWitness { get; } = new("witness.example/w2", SignatureType.Cosignature, Seed(0x80));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static SignedNote Note(string text) => SignedNote.Parse(Utf8(text));

    public static string Refusal(Func<object?> parse) => Should.Throw<AuditLogFormatException>(() => parse()).Message;

    public static string Refusal(Action parse) => Should.Throw<AuditLogFormatException>(parse).Message;

    /// <summary>A checkpoint of the entries' log.</summary>
    public static Checkpoint Checkpoint(int size) => new(Origin, size, NaiveTree.OfEntries.Root(size));

    public static SignedNote Signed(Checkpoint checkpoint) => SignedNote.Sign(checkpoint.Text, Log);

    static byte[] Seed(int first) => [.. Enumerable.Range(first, 32).Select(i => (byte)i)];
}
