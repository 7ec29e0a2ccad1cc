using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Stet.AuditLog;

/// <summary>
/// cosignature/v1 (C2SP tlog-cosignature): at this time this was the largest tree that the witness had seen of the log.
/// </summary>
static class Cosignature
{
    const int TimeSize = sizeof(ulong);

    /// <summary>What a witness signs.</summary>
    public static byte[] Message(ReadOnlySpan<byte> checkpointText, long unixSeconds) =>
    [
        .. "cosignature/v1\ntime "u8, .. Encoding.ASCII.GetBytes(unixSeconds.ToString(CultureInfo.InvariantCulture)),
        (byte)'\n', .. checkpointText,
    ];

    /// <summary>The signature as a note carries it: eight big-endian bytes of time, then itself.</summary>
    public static byte[] Write(long unixSeconds, ReadOnlySpan<byte> signature)
    {
        var blob = new byte[TimeSize + signature.Length];
        BinaryPrimitives.WriteInt64BigEndian(blob, unixSeconds);
        signature.CopyTo(blob.AsSpan(TimeSize));
        return blob;
    }

    public static bool TryRead(ReadOnlySpan<byte> blob, out long unixSeconds, out ReadOnlySpan<byte> signature)
    {
        unixSeconds = 0;
        signature = default;
        if (blob.Length != TimeSize + Ed25519.SignatureSize) return false;

        unixSeconds = BinaryPrimitives.ReadInt64BigEndian(blob);
        signature = blob[TimeSize..];
        return unixSeconds >= 0; // else it is a time above 2^63 - 1
    }
}
