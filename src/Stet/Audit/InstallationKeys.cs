using System.Security.Cryptography;
using System.Text;

namespace Stet.Audit;

/// <summary>
/// The keys of this installation. They wrap the keys of tenants with AES-256-GCM: 12 bytes of random nonce, the
/// ciphertext, 16 bytes of tag; tenant, kind and id of the wrapped key are authenticated with it.
/// </summary>
public sealed class InstallationKeys
{
    const int KeySize = 32;
    const int NonceSize = 12;
    const int TagSize = 16;
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    readonly Dictionary<string, byte[]> keys = [];

    InstallationKeys(IEnumerable<byte[]> all)
    {
        foreach (var key in all)
        {
            var id = IdOf(key);
            CurrentId ??= id;
            keys[id] = key;
        }
    }

    /// <summary>The id of the key that wraps: the first 8 hex digits of its SHA-256.</summary>
    public string CurrentId { get; } = null!;

    /// <summary>Takes the keys from the configuration, or from a file that is made when it is missing and nothing is wrapped yet.</summary>
    /// <param name="configured">Base64 of 32 bytes each, separated by commas; null or empty: the file.</param>
    /// <param name="file">Base64 in lines; readable by its owner alone.</param>
    /// <param name="inUse">Asked where there is no key: the id of one that has wrapped something; null: none has.</param>
    /// <exception cref="InstallationKeyException">A key is malformed or lost, or the file is open to others.</exception>
    public static InstallationKeys Load(string? configured, string file, Func<string?>? inUse = null)
    {
        if (!string.IsNullOrWhiteSpace(configured)) return new(Parse(configured.Split(','), "STET_KEK"));

        try
        {
            if (!File.Exists(file)) Create(file, inUse?.Invoke());
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & ~OwnerOnly) != UnixFileMode.None)
                throw new InstallationKeyException($"The key file {file} can be used by others: run chmod 600 {file}");

            return new(Parse(File.ReadAllLines(file), file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InstallationKeyException($"The key file {file} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Whether a wrapped key can be unwrapped here.</summary>
    public bool Knows(string keyId) => keys.ContainsKey(keyId);

    /// <summary>Wraps a key of a tenant under <see cref="CurrentId"/>.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> secret, WrappedKeyName name)
    {
        var wrapped = new byte[NonceSize + secret.Length + TagSize];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceSize));
        using var aes = new AesGcm(keys[CurrentId], TagSize);
        aes.Encrypt(
            wrapped.AsSpan(0, NonceSize), secret, wrapped.AsSpan(NonceSize, secret.Length), wrapped.AsSpan(^TagSize..),
            name.AssociatedData());
        return wrapped;
    }

    /// <summary>The key that was wrapped; the caller zeroes it.</summary>
    /// <exception cref="InstallationKeyException">The wrapping key is unknown, or what was stored is not what was wrapped.</exception>
    public byte[] Unwrap(string keyId, byte[] wrapped, WrappedKeyName name)
    {
        if (!keys.TryGetValue(keyId, out var key)) throw Unknown(keyId);
        if (wrapped.Length < NonceSize + TagSize) throw Altered(name);

        var secret = new byte[wrapped.Length - NonceSize - TagSize];
        try
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(
                wrapped.AsSpan(0, NonceSize), wrapped.AsSpan(NonceSize, secret.Length), wrapped.AsSpan(^TagSize..), secret,
                name.AssociatedData());
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            throw Altered(name);
        }
    }

    internal static InstallationKeyException Unknown(string keyId) => new(
        $"Keys in the database are wrapped by installation key {keyId}, which is not here: give it in STET_KEK or the key file, behind the current one if that is newer.");

    static InstallationKeyException Altered(WrappedKeyName name) =>
        new($"The stored {name.Kind} key {name.KeyId} of tenant {name.TenantId} was altered: restore the row from a backup.");

    static void Create(string file, string? inUse)
    {
        if (inUse is not null) throw Unknown(inUse);

        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        Directory.CreateDirectory(folder);
        var made = Path.Combine(folder, $"kek.{Environment.ProcessId}");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (var stream = new FileStream(made, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize)) + "\n"));
            stream.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(made, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(made); // another instance was faster: its key is the one
        }

        DurableFile.FlushFolder(folder);
    }

    static List<byte[]> Parse(IEnumerable<string> texts, string source)
    {
        var parsed = new List<byte[]>();
        foreach (var text in texts.Select(t => t.Trim()).Where(t => t.Length > 0))
        {
            var key = new byte[KeySize];
            if (!Convert.TryFromBase64String(text, key, out var length) || length != KeySize)
                throw new InstallationKeyException($"A key in {source} is not base64 of {KeySize} bytes: make one with openssl rand -base64 {KeySize}");
            parsed.Add(key);
        }

        return parsed.Count > 0 ? parsed : throw new InstallationKeyException($"{source} holds no key: restore it, without it no tenant's key can be unwrapped.");
    }

    static string IdOf(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key))[..8];
}

/// <summary>Which key of which tenant is wrapped.</summary>
/// <param name="TenantId">Whose key.</param>
/// <param name="Kind"><c>sign</c>, <c>salt</c>, <c>stream</c> and others.</param>
/// <param name="KeyId">Its id among the tenant's keys of that kind.</param>
public readonly record struct WrappedKeyName(string TenantId, string Kind, string KeyId)
{
    /// <summary><c>stet-wrap/v1</c>, tenant, kind and id, separated by 0x00.</summary>
    internal byte[] AssociatedData() => Encoding.UTF8.GetBytes($"stet-wrap/v1\0{TenantId}\0{Kind}\0{KeyId}");
}

/// <summary>The installation's keys cannot be used. The message says what to do.</summary>
public sealed class InstallationKeyException(string message, Exception? cause = null) : Exception(message, cause);
