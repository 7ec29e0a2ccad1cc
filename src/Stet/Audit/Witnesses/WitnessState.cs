using System.Security.Cryptography;
using System.Text;

namespace Stet.Audit.Witnesses;

/// <summary>
/// What a witness has seen: a folder with the newest checkpoint of each log, cosigned, in a file that is named after the
/// log's origin. One witness at a time uses it.
/// </summary>
public sealed class WitnessState : IDisposable
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // EAGAIN on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows.
    static readonly int[] heldByAnother = [11, 35, unchecked((int)0x80070020)];

    readonly string folder;
    readonly FileStream hold;

    WitnessState(string folder, FileStream hold) => (this.folder, this.hold) = (folder, hold);

    /// <summary>Makes the folder if it is missing and takes hold of it.</summary>
    /// <exception cref="WitnessException">Another witness holds it, or it cannot be used.</exception>
    public static WitnessState Open(string folder)
    {
        folder = Path.GetFullPath(folder);
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, OwnerOnly);

            return new WitnessState(folder, new FileStream(
                Path.Combine(folder, "witness.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (heldByAnother.Contains(e.HResult))
        {
            throw new WitnessException($"{folder} is in use by another witness: stop it, or name another folder with --state.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WitnessException($"The state folder {folder} cannot be used: {e.Message} Make it writable, or name another with --state.", e);
        }
    }

    /// <summary>The name that a log's checkpoint is kept and served under: the SHA-256 of its origin, in hex.</summary>
    public static string NameOf(string origin) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)));

    /// <summary>The file of a log.</summary>
    public string FileOf(string origin) => Path.Combine(folder, NameOf(origin));

    /// <summary>A log's newest checkpoint; null when none was seen yet.</summary>
    /// <exception cref="WitnessException">It is there and cannot be read.</exception>
    public byte[]? Read(string origin)
    {
        try
        {
            return File.ReadAllBytes(FileOf(origin));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WitnessException($"{FileOf(origin)}, which holds the newest checkpoint of {origin}, cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Keeps a log's newest checkpoint; it is on the disk when this returns.</summary>
    /// <exception cref="IOException">It may not be kept: say to nobody that it is.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not kept.</exception>
    public void Write(string origin, ReadOnlySpan<byte> note)
    {
        var (file, made) = (FileOf(origin), FileOf(origin) + ".new");
        using (var stream = new FileStream(made, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            stream.Write(note);
            stream.Flush(flushToDisk: true);
        }

        DurableFile.Replace(made, file);
    }

    /// <summary>Lets go of the folder.</summary>
    public void Dispose() => hold.Dispose();
}

/// <summary>A witness cannot start. The message says what to do.</summary>
public sealed class WitnessException(string message, Exception? cause = null) : Exception(message, cause);
