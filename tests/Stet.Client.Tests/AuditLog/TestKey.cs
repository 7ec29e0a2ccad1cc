using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ed25519 = Stet.AuditLog.Ed25519;

namespace Stet.Client.Tests.AuditLog;

/// <summary>A key that signs notes or cosigns checkpoints.</summary>
sealed record TestKey(string Name, byte Type, byte[] Seed)
{
    public static TestKey Log(string name, byte seed = 0) => new(name, 1, SeedFrom(seed));

    public static TestKey Witness(string name, byte seed) => new(name, 4, SeedFrom(seed));

    public string Vkey => $"{Name}+{Convert.ToHexStringLower(Id)}+{Convert.ToBase64String([Type, .. PublicKey])}";

    byte[] PublicKey => Ed25519.Managed.PublicKey(Seed);

    byte[] Id => SHA256.HashData([.. Encoding.UTF8.GetBytes(Name), 10, Type, .. PublicKey])[..4];

    public string Line(string text, DateTimeOffset time = default)
    {
        if (Type == 1) return Line(Ed25519.Managed.Sign(Seed, Encoding.UTF8.GetBytes(text)));

        var seconds = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(seconds, time.ToUnixTimeSeconds());
        var message = $"cosignature/v1\ntime {time.ToUnixTimeSeconds()}\n{text}";
        return Line([.. seconds, .. Ed25519.Managed.Sign(Seed, Encoding.UTF8.GetBytes(message))]);
    }

    string Line(byte[] signature) => $"— {Name} {Convert.ToBase64String([.. Id, .. signature])}\n";

    static byte[] SeedFrom(byte first) => [.. Enumerable.Range(first, 32).Select(i => (byte)i)];
}
