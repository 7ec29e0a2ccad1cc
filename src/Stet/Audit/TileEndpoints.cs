using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Net.Http.Headers;
using Stet.AuditLog;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Audit;

/// <summary>The three resources of C2SP tlog-tiles: checkpoint, hash tiles, entry bundles.</summary>
static class TileEndpoints
{
    const string Unchanging = "private, max-age=31536000, immutable";

    public static void Map(IEndpointRouteBuilder audit)
    {
        audit.MapGet("/checkpoint", Checkpoint).WithSummary("The newest checkpoint of the audit log")
            .WithDescription("A signed note (C2SP tlog-checkpoint) with the cosignatures of witnesses.")
            .RequirePermission(Scopes.AuditRead).Produces<string>(200, "text/plain").Produces(304).ProducesProblem(404).ProducesProblem(410)
            .WithQuery(
                MinPosition.Parameter, QueryParameter.Flag("witnessed", "true: the newest one that a witness has cosigned"));
        audit.MapGet("/tile/{**path}", Tile).WithSummary("A tile of hashes or a bundle of entries")
            .WithDescription("C2SP tlog-tiles: `0/x001/067`, `entries/000.p/5`, as wide as a checkpoint implies.")
            .RequirePermission(Scopes.AuditRead).Produces<string>(200, "application/octet-stream").Produces(304).ProducesProblem(404)
            .ProducesProblem(410)
            .WithAnswerHeader("Vary", 200, 304);
    }

    static async Task<IResult> Checkpoint(HttpContext http, Checkpoints checkpoints, AuditReader reader)
    {
        var log = AuditAccess.Log(http);
        var query = new RequestQuery(http.Request.Query);
        var atLeast = query.Number("min_position", 0, long.MaxValue) ?? 0;
        await MinPosition.WaitAsync(http, log.TenantId);

        SignedCheckpoint signed;
        if (query.Flag("witnessed"))
        {
            var noted = checkpoints.Noted(log);
            var view = await reader.ViewAsync(log.TenantId, [], witnessed: true, http.RequestAborted);
            if (view.Newest is null || view.Newest.Size < atLeast || !log.SignsAt(view.Newest.Size)) return Problems.Answer(AuditProblems.NotWitnessed);
            signed = await checkpoints.SignStoredAsync(log, noted, view, http.RequestAborted);
            if (!signed.IsCosigned) return Problems.Answer(AuditProblems.NotWitnessed);
        }
        else
        {
            signed = await checkpoints.NewestAsync(log, atLeast, http.RequestAborted);
        }

        return JsonAnswer.Read(signed.Note.ToArray(), "text/plain; charset=utf-8", signed.Size);
    }

    static async Task<IResult> Tile(string? path, HttpContext http, Checkpoints checkpoints, AuditReader reader, TileCache cache)
    {
        var log = AuditAccess.Log(http);
        if (!AuditLog.Tile.TryParse($"tile/{path}", out var tile)) return Problems.Answer(AuditProblems.NoTile);

        // What this process has reserved says often enough that a tile is covered.
        if (!tile.IsWithin(checkpoints.Reserved(log)))
        {
            var view = await reader.ViewAsync(log.TenantId, [], witnessed: false, http.RequestAborted);
            if (!tile.IsWithin(view.Newest?.Size ?? 0)) return Problems.Answer(AuditProblems.NotCovered);
            await checkpoints.RequireSoundAsync(log, view, http.RequestAborted);
        }

        var gzip = tile.IsEntries && TakesGzip(http.Request);
        var body = await cache.GetAsync(log, tile, gzip, http.RequestAborted);
        return new TileAnswer(body, tile.IsEntries, gzip);
    }

    static bool TakesGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var codings)
        && codings.Any(c => c.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && c.Quality is null or > 0);

    sealed class TileAnswer(TileBody body, bool varies, bool gzip) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var (request, response) = (httpContext.Request, httpContext.Response);
            response.Headers.ETag = body.ETag;
            response.Headers.CacheControl = Unchanging;
            if (varies) response.Headers.Vary = HeaderNames.AcceptEncoding;
            if (JsonAnswer.Matches(request.Headers.IfNoneMatch, body.ETag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            if (gzip) response.Headers.ContentEncoding = "gzip";
            response.ContentType = "application/octet-stream";
            response.ContentLength = body.Bytes.Length;
            return HttpMethods.IsHead(request.Method)
                ? Task.CompletedTask
                : response.Body.WriteAsync(body.Bytes, httpContext.RequestAborted).AsTask();
        }
    }
}

/// <summary>What is sent for a tile.</summary>
/// <param name="Bytes">As they are sent.</param>
/// <param name="ETag">Made from the bytes before they were compressed.</param>
sealed record TileBody(byte[] Bytes, string ETag);

/// <summary>
/// Full tiles and bundles never change: the last ones that were asked for, or that proofs took, stay in memory, 64 MiB of
/// them.
/// </summary>
sealed class TileCache(AuditReader reader) : IDisposable
{
    const long Capacity = 64L << 20;

    readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = Capacity });

    /// <exception cref="AuditAlteredException">What is stored is not what was logged.</exception>
    public async ValueTask<TileBody> GetAsync(TenantLog log, Tile tile, bool gzip, CancellationToken cancel)
    {
        var key = new Key(log.Origin, tile, gzip);
        if (kept.TryGetValue(key, out TileBody? known)) return known!;

        var body = BodyOf(await ReadAsync(log.TenantId, tile, cancel), gzip);
        if (tile.IsFull) Keep(key, body, body.Bytes.Length);
        return body;
    }

    /// <summary>The leaves of a full tile, if proofs of them were made before.</summary>
    public FullTile? Leaves(TenantLog log, long index) => kept.Get<FullTile>(new LeavesKey(log.Origin, index));

    /// <summary>Keeps the leaves of a full tile for further proofs.</summary>
    public void Keep(TenantLog log, FullTile leaves)
    {
        var key = new LeavesKey(log.Origin, leaves.Index);
        if (!kept.TryGetValue(key, out _)) Keep(key, leaves, FullTile.Size);
    }

    public void Dispose() => kept.Dispose();

    void Keep(object key, object value, int size) => kept.Set(key, value, new MemoryCacheEntryOptions { Size = size });

    async Task<byte[]> ReadAsync(string tenantId, Tile tile, CancellationToken cancel)
    {
        if (!tile.IsEntries) return await reader.TileAsync(tenantId, tile, cancel);

        return Bundle(await reader.EntriesAsync(tenantId, tile.Index * AuditLog.Tile.FullWidth, tile.Width, cancel));
    }

    /// <summary>The bundle of some entries.</summary>
    public static byte[] Bundle(IReadOnlyList<LoggedEntry> entries)
    {
        var bundle = new System.Buffers.ArrayBufferWriter<byte>(entries.Count * 300);
        foreach (var e in entries) EntryBundle.Append(bundle, e.Entry);
        return bundle.WrittenSpan.ToArray();
    }

    static TileBody BodyOf(byte[] bytes, bool gzip)
    {
        var tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16));
        return gzip ? new TileBody(Compress(bytes), $"\"{tag}-gz\"") : new TileBody(bytes, $"\"{tag}\"");
    }

    static byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream(bytes.Length / 2);
        using (var stream = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)) stream.Write(bytes);
        return compressed.ToArray();
    }

    // The origin has the epoch in it: a log that began anew may have other leaves.
    sealed record Key(string Origin, Tile Tile, bool Gzip);

    sealed record LeavesKey(string Origin, long Index);
}
