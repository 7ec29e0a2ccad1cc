using System.Runtime.InteropServices;

namespace Stet.Pcs.Tests;

/// <summary>The zlib of the distribution (Debian: zlib1g), which has to be the classic one.</summary>
static partial class SystemZlib
{
    const int Level = 6;

    public static byte[] Compress(byte[] data)
    {
        var compressed = new byte[data.Length + (data.Length / 1000) + 100];
        var length = (nuint)compressed.Length;
        compress2(compressed, ref length, data, (nuint)data.Length, Level).ShouldBe(0);
        return compressed[..(int)length];
    }

    [LibraryImport("libz.so.1")]
    private static partial int compress2(
        [Out] byte[] compressed, ref nuint compressedLength, byte[] data, nuint length, int level);
}
