using System.Runtime.InteropServices;

namespace Stet.AuditLog;

/// <summary>The few functions of OpenSSL 3 that Ed25519 takes, to be called after <see cref="TryLoad"/> only.</summary>
static partial class LibCrypto
{
    /// <summary>EVP_PKEY_ED25519.</summary>
    public const int Ed25519KeyType = 1087;

    const string Name = "libcrypto";

    public static string FileName =>
        OperatingSystem.IsWindows() ? "libcrypto-3-x64.dll"
        : OperatingSystem.IsMacOS() ? "libcrypto.3.dylib"
        : "libcrypto.so.3";

    /// <summary>Finds the library and all its functions below. May succeed once only.</summary>
    public static bool TryLoad(string fileName)
    {
        var assembly = typeof(LibCrypto).Assembly;

        if (!NativeLibrary.TryLoad(fileName, assembly, DllImportSearchPath.SafeDirectories, out var library))
            return false;

        if (!Functions.All(function => NativeLibrary.TryGetExport(library, function, out _)))
        {
            NativeLibrary.Free(library);
            return false;
        }

        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == Name ? library : 0);
        return true;
    }

    static string[] Functions =>
    [
        nameof(EVP_PKEY_new_raw_private_key), nameof(EVP_PKEY_new_raw_public_key), nameof(EVP_PKEY_get_raw_public_key),
        nameof(EVP_PKEY_free), nameof(EVP_MD_CTX_new), nameof(EVP_MD_CTX_free), nameof(EVP_DigestSignInit),
        nameof(EVP_DigestSign), nameof(EVP_DigestVerifyInit), nameof(EVP_DigestVerify), nameof(ERR_clear_error),
    ];

    [LibraryImport(Name)]
    public static partial KeyHandle EVP_PKEY_new_raw_private_key(
        int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Name)]
    public static partial KeyHandle EVP_PKEY_new_raw_public_key(
        int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_get_raw_public_key(KeyHandle key, Span<byte> publicKey, ref nuint length);

    [LibraryImport(Name)]
    public static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Name)]
    public static partial ContextHandle EVP_MD_CTX_new();

    [LibraryImport(Name)]
    public static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Name)]
    public static partial int EVP_DigestSignInit(
        ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Name)]
    public static partial int EVP_DigestSign(
        ContextHandle context, Span<byte> signature, ref nuint signatureLength,
        ReadOnlySpan<byte> message, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_DigestVerifyInit(
        ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Name)]
    public static partial int EVP_DigestVerify(
        ContextHandle context, ReadOnlySpan<byte> signature, nuint signatureLength,
        ReadOnlySpan<byte> message, nuint length);

    [LibraryImport(Name)]
    public static partial void ERR_clear_error();

    /// <summary>An EVP_PKEY.</summary>
    public sealed class KeyHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    /// <summary>An EVP_MD_CTX.</summary>
    public sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_MD_CTX_free(handle);
            return true;
        }
    }
}
