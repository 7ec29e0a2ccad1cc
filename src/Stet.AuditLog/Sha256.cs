using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Stet.AuditLog;

/// <summary>SHA-256 of short inputs.</summary>
/// <remarks>
/// The one-shot function of the BCL sets up an OpenSSL digest context on every call, which takes several times as long
/// as hashing two hashes. libcrypto 3 also exports the functions below, which work on the caller's memory.
/// </remarks>
static unsafe class Sha256
{
    // SHA256_CTX of OpenSSL's sha.h: 8 + 2 + 16 + 2 words of four bytes.
    const int ContextWords = 112 / sizeof(ulong);

    static readonly nint library = Load();

    static readonly delegate* unmanaged<ulong*, int> initialize =
        (delegate* unmanaged<ulong*, int>)Find("SHA256_Init");

    static readonly delegate* unmanaged<ulong*, byte*, nuint, int> update =
        (delegate* unmanaged<ulong*, byte*, nuint, int>)Find("SHA256_Update");

    static readonly delegate* unmanaged<byte*, ulong*, int> finish =
        (delegate* unmanaged<byte*, ulong*, int>)Find("SHA256_Final");

    /// <summary>Whether the fast functions were found.</summary>
    public static bool IsNative => initialize != null && update != null && finish != null;

    /// <param name="data">What to hash.</param>
    /// <param name="hash">Receives 32 bytes.</param>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> hash)
    {
        if (!IsNative)
        {
            SHA256.HashData(data, hash);
            return;
        }

        if (hash.Length < SHA256.HashSizeInBytes)
            throw new ArgumentException($"A hash takes {SHA256.HashSizeInBytes} bytes.", nameof(hash));

        var context = stackalloc ulong[ContextWords];
        fixed (byte* input = data, output = hash)
        {
            if (initialize(context) != 1 ||
                update(context, input, (nuint)data.Length) != 1 ||
                finish(output, context) != 1)
            {
                throw new CryptographicException("OpenSSL failed in SHA-256: check its configuration.");
            }
        }
    }

    static nint Load() =>
        NativeLibrary.TryLoad(
            LibCrypto.FileName, typeof(Sha256).Assembly, DllImportSearchPath.SafeDirectories, out var loaded)
            ? loaded
            : 0;

    static nint Find(string function) =>
        library != 0 && NativeLibrary.TryGetExport(library, function, out var found) ? found : 0;
}
