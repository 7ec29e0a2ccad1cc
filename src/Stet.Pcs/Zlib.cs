using System.Runtime.InteropServices;

namespace Stet.Pcs;

/// <summary>The few functions of the system's zlib, to be called after <see cref="TryLoad"/> only.</summary>
static unsafe partial class Zlib
{
    public const int NoFlush = 0;
    public const int Finish = 4;
    public const int Ok = 0;
    public const int StreamEnd = 1;
    public const int BufferError = -5;

    const string Name = "zlib";

    static readonly string[] functions = [nameof(deflateInit_), nameof(deflate), nameof(deflateEnd)];

    public static string FileName =>
        OperatingSystem.IsWindows() ? "zlib1.dll" : OperatingSystem.IsMacOS() ? "libz.dylib" : "libz.so.1";

    /// <summary>Finds the library and its functions. May succeed once only.</summary>
    public static bool TryLoad(string fileName)
    {
        var assembly = typeof(Zlib).Assembly;

        if (!NativeLibrary.TryLoad(fileName, assembly, DllImportSearchPath.SafeDirectories, out var library))
            return false;

        if (!functions.All(function => NativeLibrary.TryGetExport(library, function, out _)))
        {
            NativeLibrary.Free(library);
            return false;
        }

        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == Name ? library : 0);
        return true;
    }

    /// <summary>A stream that compresses, where zlib expects it.</summary>
    public sealed class StreamHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        public ZStream* Stream => (ZStream*)handle;

        /// <exception cref="InvalidOperationException">The library refused.</exception>
        public static StreamHandle Open(int level)
        {
            var stream = (ZStream*)NativeMemory.AllocZeroed((nuint)sizeof(ZStream));
            // Of the version only the first digit counts.
            if (deflateInit_(stream, level, "1", sizeof(ZStream)) != Ok)
            {
                NativeMemory.Free(stream);
                throw new InvalidOperationException("zlib could not start: check its version and free memory.");
            }

            var opened = new StreamHandle();
            opened.SetHandle((nint)stream);
            return opened;
        }

        protected override bool ReleaseHandle()
        {
            // An unfinished stream is no error here.
            _ = deflateEnd(Stream);
            NativeMemory.Free(Stream);
            return true;
        }
    }

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int deflateInit_(ZStream* stream, int level, string version, int streamSize);

    [LibraryImport(Name)]
    public static partial int deflate(ZStream* stream, int flush);

    [LibraryImport(Name)]
    public static partial int deflateEnd(ZStream* stream);

    /// <summary>z_stream of zlib.h. The library refuses one that has moved.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ZStream
    {
        public byte* NextIn;
        public uint AvailableIn;
        public CULong TotalIn;
        public byte* NextOut;
        public uint AvailableOut;
        public CULong TotalOut;
        public byte* Message;
        public void* State;
        public void* Allocate;
        public void* Free;
        public void* Opaque;
        public int DataType;
        public CULong Adler;
        public CULong Reserved;
    }
}
