using System.IO.Compression;

namespace Stet.Pcs;

/// <summary>Compresses a stream piece by piece into the zlib format (RFC 1950).</summary>
abstract class Compressor : IDisposable
{
    /// <summary>The fallback that a document names when r did not come from classic zlib level 6.</summary>
    public const string FallbackName = "zlib";

    static readonly Lazy<bool> isClassic = new(FindClassic);

    /// <summary>Whether the system's zlib is there and compresses as the classic one does.</summary>
    public static bool IsClassic => isClassic.Value;

    /// <summary>Classic zlib where there is one, else the platform's compressor.</summary>
    /// <param name="output">Receives the compressed bytes.</param>
    public static Compressor Create(Stream output) =>
        IsClassic ? new ClassicZlib(output) : new PlatformZlib(output);

    public abstract void Append(ReadOnlySpan<byte> data);

    /// <summary>Writes what is left. Nothing may follow.</summary>
    public abstract void Finish();

    public abstract void Dispose();

    static bool FindClassic()
    {
        try
        {
            return Zlib.TryLoad(Zlib.FileName) && ClassicZlib.Proves();
        }
        catch (InvalidOperationException)
        {
            // The library is there and does not work: as good as none.
            return false;
        }
    }
}

/// <summary>What .NET brings along: other lengths than the classic zlib's.</summary>
sealed class PlatformZlib(Stream output) : Compressor
{
    readonly ZLibStream zlib = new(output, CompressionLevel.Optimal, leaveOpen: true);

    public override void Append(ReadOnlySpan<byte> data) => zlib.Write(data);

    public override void Finish() => zlib.Dispose();

    public override void Dispose() => zlib.Dispose();
}
