using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Stet.Pcs;

/// <summary>The system's zlib at level 6, to be used after <see cref="Proves"/> only.</summary>
sealed unsafe class ClassicZlib(Stream output) : Compressor
{
    const int Level = 6;

    // Of the zlib stream of 1,000 pseudo-random rows.
    const string ProofHash = "368da246a93a9f139425e2de9bb85f5873e3bfa9e225e044362ed87781655d6f";

    readonly byte[] buffer = new byte[16 * 1024];
    readonly Zlib.StreamHandle handle = Zlib.StreamHandle.Open(Level);

    /// <summary>Whether this library makes the stream of the classic one, byte for byte.</summary>
    public static bool Proves()
    {
        using var compressed = new MemoryStream();
        using var zlib = new ClassicZlib(compressed);
        zlib.Append(PseudoRandomRows(1000));
        zlib.Finish();
        return Convert.ToHexStringLower(SHA256.HashData(compressed.ToArray())) == ProofHash;
    }

    /// <summary>Rows whose digits come from the linear congruential generator of ISO C.</summary>
    public static byte[] PseudoRandomRows(int count)
    {
        var rows = new StringBuilder();
        var x = 12345L;
        for (var row = 0; row < count; row++)
        {
            x = ((1103515245 * x) + 12345) & 0x7fffffff;
            if (row > 0) rows.Append('\n');
            rows.Append(
                CultureInfo.InvariantCulture, $"{row}.000000000,{x % 1000},{x / 1000 % 1000},{x / 1000000 % 1000}");
        }

        return Encoding.ASCII.GetBytes(rows.ToString());
    }

    public override void Append(ReadOnlySpan<byte> data)
    {
        if (!data.IsEmpty) Deflate(data, Zlib.NoFlush);
    }

    public override void Finish() => Deflate([], Zlib.Finish);

    public override void Dispose() => handle.Dispose();

    void Deflate(ReadOnlySpan<byte> data, int flush)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        var stream = handle.Stream;

        fixed (byte* input = data, room = buffer)
        {
            stream->NextIn = input;
            stream->AvailableIn = (uint)data.Length;
            do
            {
                stream->NextOut = room;
                stream->AvailableOut = (uint)buffer.Length;
                var result = Zlib.deflate(stream, flush);
                // Without anything to do it answers that its buffers are too small, which is no failure.
                if (result is not (Zlib.Ok or Zlib.StreamEnd or Zlib.BufferError))
                    throw new InvalidOperationException("zlib failed: a finished stream takes no more data.");

                output.Write(buffer, 0, buffer.Length - (int)stream->AvailableOut);
            }
            while (stream->AvailableOut == 0);
        }

        GC.KeepAlive(handle);
    }
}
