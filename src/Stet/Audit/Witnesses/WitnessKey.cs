using System.Security.Cryptography;
using System.Text;
using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>A witness's private key, kept in a file that is its owner's alone.</summary>
public static class WitnessKey
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a key and its file.</summary>
    /// <param name="name">The key's name: not empty, no white space, no <c>+</c>.</param>
    /// <param name="file">A file that does not exist yet.</param>
    /// <returns>The public key.</returns>
    /// <exception cref="WitnessException">The name is none, or the file is there already or cannot be written.</exception>
    public static VerifierKey Create(string name, string file)
    {
        var seed = RandomNumberGenerator.GetBytes(Ed25519.SeedSize);
        try
        {
            using var key = new SignerKey(name, SignatureType.Cosignature, seed);
            Write(Path.GetFullPath(file), $"{key.ToPrivateText()}\n");
            return key.Verifier;
        }
        catch (AuditLogFormatException e)
        {
            throw new WitnessException($"`{name}` cannot be the name of a witness: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WitnessException($"The key file {file} cannot be made: {e.Message} Name another with --out.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Reads a key; the caller disposes it.</summary>
    /// <exception cref="WitnessException">The file cannot be read, is open to others, or holds no witness's key.</exception>
    public static SignerKey Load(string file)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & ~OwnerOnly) != UnixFileMode.None)
                throw new WitnessException($"The key file {file} can be used by others: run chmod 600 {file}");

            var key = SignerKey.Parse(File.ReadAllText(file).TrimEnd());
            if (key.Verifier.Type == SignatureType.Cosignature) return key;

            key.Dispose();
            throw new WitnessException($"{file} holds a key for logs, not for a witness: make one with `stet witness keygen`.");
        }
        catch (AuditLogFormatException e)
        {
            throw new WitnessException($"{file} holds no key: {e.Message} Make one with `stet witness keygen`.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WitnessException($"The key file {file} cannot be read: {e.Message} Make one with `stet witness keygen`.", e);
        }
    }

    static void Write(string file, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (var stream = new FileStream(file, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        DurableFile.FlushFolder(Path.GetDirectoryName(file)!);
    }
}

/// <summary>The verifier keys of the logs that a witness cosigns.</summary>
public static class LogKeys
{
    /// <summary>Reads what <c>--log</c> was given: verifier keys, or <c>@FILE</c> with one per line.</summary>
    /// <exception cref="WitnessException">A file cannot be read, a key is malformed or not that of a log, or there is none.</exception>
    public static IReadOnlyList<VerifierKey> Read(IReadOnlyList<string> arguments)
    {
        VerifierKey[] keys = [.. arguments.SelectMany(a => a.StartsWith('@') ? Lines(a[1..]) : [a]).Select(Parse)];
        return keys.Length > 0 ? keys : throw new WitnessException($"`{string.Join(' ', arguments)}` names no log: give a verifier key, or a file with one on each line.");
    }

    static IEnumerable<string> Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WitnessException($"The list of logs {file} cannot be read: {e.Message}", e);
        }
    }

    static VerifierKey Parse(string text)
    {
        try
        {
            var key = VerifierKey.Parse(text);
            return key.Type == SignatureType.Ed25519
                ? key
                : throw new WitnessException($"`{text}` is the key of a witness: --log takes those of logs.");
        }
        catch (AuditLogFormatException e)
        {
            throw new WitnessException($"`{text}` is no verifier key: {e.Message}", e);
        }
    }
}
