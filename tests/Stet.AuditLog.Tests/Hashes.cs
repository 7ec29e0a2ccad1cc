using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Stet.AuditLog.Tests;

/// <summary>Hashes to test with, made by the class library alone.</summary>
static class Hashes
{
    public static LogHash Hex(string hex) => new(Convert.FromHexString(hex));

    /// <summary>The entry that the log of the test data has at an index.</summary>
    public static byte[] Entry(long index) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"entry-{index}"));

    public static LogHash Leaf(ReadOnlySpan<byte> entry) => new(SHA256.HashData([0, .. entry]));

    public static LogHash Node(LogHash left, LogHash right) =>
        new(SHA256.HashData([1, .. left.ToArray(), .. right.ToArray()]));
}
