using System.Formats.Tar;
using System.Runtime.InteropServices;
using System.Text.Json;
using Stet.AuditLog;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Audit;

/// <summary>The whole log of one checkpoint as a tar stream: tiles, payloads, keys and, last, the checkpoint.</summary>
static class ExportEndpoint
{
    public static void Map(IEndpointRouteBuilder audit) =>
        audit.MapGet("/export", Get).WithSummary("The whole audit log with its payloads, as a tar stream")
            .WithDescription("`tile/...`, `payloads.ndjson`, `keys.json` and, last, `checkpoint`: a stream that was cut has none. "
                + "A payload that is not what was logged any more is `ALTERED`, without salt and data.")
            .RequirePermission(Scopes.AuditExport).Produces<string>(200, "application/x-tar").ProducesProblem(404).ProducesProblem(410);

    static async Task<IResult> Get(
        HttpContext http, Checkpoints checkpoints, TenantLogs logs, AuditReader reader, AuditKeys keys, AuditAccess access,
        RunningExports running, TimeProvider clock)
    {
        var log = AuditAccess.Log(http);
        var signed = await checkpoints.NewestAsync(log, 0, http.RequestAborted);
        var answer = await keys.ReadAsync(log.TenantId, http.RequestAborted);

        // As it is now, it knows the secret of every event that the checkpoint covers.
        log = (await logs.FindAsync(log.TenantId, http.RequestAborted))!;
        return new ExportAnswer(log, signed, answer, reader, access, running, clock);
    }

    /// <summary>So many events are read at a time.</summary>
    const int MostEvents = 64;

    sealed class ExportAnswer(
        TenantLog log, SignedCheckpoint signed, LogKeysAnswer keys, AuditReader reader, AuditAccess access,
        RunningExports running, TimeProvider clock) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (!running.TryBegin(log.TenantId))
            {
                await Problems.WriteAsync(httpContext, AuditProblems.TooManyExports);
                return;
            }

            try
            {
                await AnswerAsync(httpContext);
            }
            finally
            {
                running.End(log.TenantId);
            }
        }

        async Task AnswerAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.ContentType = "application/x-tar";
            response.Headers.CacheControl = "private, no-store";
            if (HttpMethods.IsHead(httpContext.Request.Method)) return;

            try
            {
                await WriteAsync(response.Body, httpContext.RequestAborted);
            }
            catch (AuditAlteredException e) when (!response.HasStarted)
            {
                response.Clear();
                await access.AnswerAsync(httpContext, log, e);
            }
            catch (AuditAlteredException e)
            {
                access.Alarm(log.TenantId, e.Position);
                httpContext.Abort();
            }
        }

        async Task WriteAsync(Stream body, CancellationToken cancel)
        {
            var tar = new TarWriter(body, TarEntryFormat.Pax, leaveOpen: true);
            await using var payloads = TemporaryFile();
            await WriteLeavesAsync(tar, payloads, cancel);
            foreach (var tile in Tile.Of(signed.Size).Where(t => t.Level > 0))
                await AddAsync(tar, tile.Path, await reader.TileAsync(log.TenantId, tile, cancel), cancel);

            payloads.Position = 0;
            await AddAsync(tar, "payloads.ndjson", payloads, cancel);
            await AddAsync(tar, "keys.json", JsonAnswer.Serialize(keys, AuditHttpJson.Default.LogKeysAnswer).ToArray(), cancel);
            await AddAsync(tar, "checkpoint", signed.Note.ToArray(), cancel);

            // Writes the end of the archive, which one that was cut must not have.
            await tar.DisposeAsync();
        }

        /// <summary>Bundles and tiles of leaves; the payloads go to a file of their own, for its length comes first in a tar.</summary>
        async Task WriteLeavesAsync(TarWriter tar, FileStream payloads, CancellationToken cancel)
        {
            await using var json = new Utf8JsonWriter(payloads, new JsonWriterOptions { SkipValidation = true });
            var isAlarmed = false;
            var written = 0L;
            for (var after = 0L; after < signed.Size; after += Tile.FullWidth)
            {
                var tile = Tile.Holding(0, after, signed.Size);
                var entries = new List<LoggedEntry>(tile.Width);
                while (entries.Count < tile.Width)
                {
                    var count = Math.Min(MostEvents, tile.Width - entries.Count);
                    entries.AddRange(await reader.EventsAsync(log.TenantId, after + entries.Count, count, Take, cancel));
                }

                var hashes = entries.ConvertAll(entry => entry.Hash).ToArray();
                await AddAsync(tar, (tile with { Level = Tile.EntriesLevel }).Path, TileCache.Bundle(entries), cancel);
                await AddAsync(tar, tile.Path, MemoryMarshal.AsBytes(hashes.AsSpan()).ToArray(), cancel);
            }

            LoggedEntry Take(LoggedEvent e)
            {
                if (e.Logged.Audited.Position <= written) return e.Logged; // it is read again

                var salt = Payloads.TrySaltOf(log, e);
                if (salt is null && !isAlarmed) access.Alarm(log.TenantId, e.Logged.Audited.Position);
                isAlarmed |= salt is null;
                Write(json, e, salt);
                json.Flush();
                json.Reset();
                payloads.WriteByte((byte)'\n');
                written = e.Logged.Audited.Position;
                return e.Logged;
            }
        }

        static void Write(Utf8JsonWriter json, LoggedEvent e, byte[]? salt)
        {
            json.WriteStartObject();
            json.WriteNumber("position", e.Logged.Audited.Position);
            json.WriteString("id", e.Logged.Audited.Id);
            json.WriteString("state", salt is null ? Payloads.Altered : Payloads.Intact);
            json.WritePropertyName("salt");
            if (salt is null) json.WriteNullValue();
            else json.WriteBase64StringValue(salt);
            json.WritePropertyName("data");
            if (salt is null) json.WriteNullValue();
            else json.WriteRawValue(e.Data, skipInputValidation: true);
            json.WriteEndObject();
        }

        async Task AddAsync(TarWriter tar, string path, byte[] content, CancellationToken cancel)
        {
            using var stream = new MemoryStream(content);
            await AddAsync(tar, path, stream, cancel);
        }

        Task AddAsync(TarWriter tar, string path, Stream content, CancellationToken cancel) =>
            tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = content, ModificationTime = clock.GetUtcNow() }, cancel);

        static FileStream TemporaryFile()
        {
            var file = new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
                UnixCreateMode = OperatingSystem.IsWindows() ? null : UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });

            // Elsewhere than on Windows, nobody would delete it when the process is killed.
            if (!OperatingSystem.IsWindows()) File.Delete(file.Name);
            return file;
        }
    }
}

/// <summary>How many exports of each log this instance makes: each has a file as large as the log's payloads while its reader takes it.</summary>
sealed class RunningExports
{
    const int Most = 2;

    readonly Dictionary<string, int> counts = [];

    public bool TryBegin(string tenantId)
    {
        lock (counts)
        {
            var count = counts.GetValueOrDefault(tenantId);
            if (count < Most) counts[tenantId] = count + 1;
            return count < Most;
        }
    }

    public void End(string tenantId)
    {
        lock (counts)
            if (--counts[tenantId] == 0) counts.Remove(tenantId);
    }
}
