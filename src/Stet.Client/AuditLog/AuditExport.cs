using System.Formats.Tar;
using System.Net;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Downloads a log into a folder that <see cref="AuditLogSource.FromFolder"/> reads.</summary>
public static class AuditExport
{
    const string Checkpoint = "checkpoint";

    internal const string Payloads = "payloads.ndjson";

    static readonly TimeSpan longestSilence = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Unpacks the tar stream at <c>export</c> below the log's prefix. Every file is whole or absent, and the checkpoint
    /// comes last: a folder without one was not finished. One that is there already is taken away first.
    /// </summary>
    /// <param name="client">With the headers that the log asks for; an export carries payloads and has a permission of its own.</param>
    /// <param name="log">The log's prefix.</param>
    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="progress">Told how many files are there so far.</param>
    /// <param name="patience">After how long without a byte the download is given up; default: 60 seconds.</param>
    /// <param name="cancel">Ends the download and leaves a folder without a checkpoint.</param>
    /// <returns>How many files were written.</returns>
    /// <exception cref="AuditException">
    /// <see cref="AuditOutcome.Unavailable"/>; <see cref="AuditOutcome.Malformed"/> for a stream with other files than
    /// those of a log; <see cref="AuditOutcome.Usage"/> when the folder cannot be written.
    /// </exception>
    public static async Task<long> DownloadAsync(
        HttpClient client, Uri log, string folder, IProgress<long>? progress = null, TimeSpan? patience = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(log);
        try
        {
            using var response = await client.GetAsync(new Uri(HttpSource.WithSlash(log), "export"), HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.StatusCode != HttpStatusCode.OK) throw await HttpSource.StatusAsync("export", response, cancel);

            await using var body = await response.Content.ReadAsStreamAsync(cancel);
            await using var tar = new ImpatientStream(body, patience ?? longestSilence);
            return await UnpackAsync(tar, folder, progress, cancel);
        }
        catch (WriteFailedException e)
        {
            throw AuditException.Usage($"The folder `{folder}` cannot be written: {e.InnerException!.Message}", e.InnerException);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw AuditException.Malformed("The export is not a whole tar archive.", e);
        }
        catch (Exception e) when (HttpSource.IsNetwork(e, cancel))
        {
            throw AuditException.Unavailable($"The export broke off: {e.Message}", e);
        }
    }

    static async Task<long> UnpackAsync(Stream tar, string folder, IProgress<long>? progress, CancellationToken cancel)
    {
        Writing(() =>
        {
            Durable.CreateFolder(folder);
            File.Delete(Path.Combine(folder, Checkpoint));
            Durable.SyncFolder(folder);
        });

        var folders = new HashSet<string> { Path.GetFullPath(folder) };
        var files = 0L;
        await using var reader = new TarReader(tar, leaveOpen: true);
        while (await reader.GetNextEntryAsync(copyData: false, cancel) is { } entry)
        {
            if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes) continue;

            var name = RequireName(entry);
            var path = Path.Combine(folder, name);
            if (name == Checkpoint) Writing(() => SyncAll(folders));
            else Writing(() => AddFolders(folders, path));

            await WriteAsync(path, entry.DataStream ?? Stream.Null, cancel);
            files++;
            progress?.Report(files);
            if (name != Checkpoint) continue;

            Writing(() => Durable.SyncFolder(folder));
            return files;
        }

        throw AuditException.Malformed("The export ends without its checkpoint: it broke off.");
    }

    /// <summary>The archive comes from elsewhere: nothing but the files of a log, at their one path, is taken from it.</summary>
    static string RequireName(TarEntry entry)
    {
        var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
        var isFile = entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
        if (isFile && (name is Checkpoint or Payloads or "keys.json" || TilePath.TryParse(name, out _))) return name;

        throw AuditException.Malformed($"The export holds `{entry.Name}`, which is no file of a log.");
    }

    static async Task WriteAsync(string path, Stream content, CancellationToken cancel)
    {
        try
        {
            await Durable.WriteAsync(path, file => CopyAsync(content, file, cancel), cancel);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not EndOfStreamException and not HttpIOException)
        {
            throw new WriteFailedException(e);
        }
    }

    /// <summary>What goes wrong on the way from the server must not read as a full disk.</summary>
    static async Task CopyAsync(Stream content, FileStream file, CancellationToken cancel)
    {
        var buffer = new byte[1 << 16];
        while (true)
        {
            int read;
            try
            {
                read = await content.ReadAsync(buffer, cancel);
            }
            catch (IOException e)
            {
                throw AuditException.Unavailable($"The export broke off: {e.Message}", e);
            }

            if (read == 0) return;
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
        }
    }

    static void AddFolders(HashSet<string> folders, string path)
    {
        for (var parent = Durable.FolderOf(path); folders.Add(parent); parent = Durable.FolderOf(parent)) Directory.CreateDirectory(parent);
    }

    static void SyncAll(HashSet<string> folders)
    {
        foreach (var folder in folders) Durable.SyncFolder(folder);
    }

    static void Writing(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WriteFailedException(e);
        }
    }

    sealed class WriteFailedException(Exception cause) : Exception(cause.Message, cause);
}
