using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Stet.Client.AuditLog;
using Tile = Stet.AuditLog.Tile;

namespace Stet.Tests.Crashes;

/// <summary>
/// The checkpoints and receipts of one log that somebody outside has been handed, by whichever instance. Only sizes and roots
/// are kept of them, so that it can watch for hours.
/// </summary>
sealed class SeenLog(string tenantId)
{
    const int MostConsistencyProofs = 100;

    readonly ConcurrentDictionary<long, string> roots = [];
    readonly ConcurrentDictionary<string, int> asked = [];
    AuditTrust? trust;
    int receipts;

    public int Receipts => Volatile.Read(ref receipts);

    public int Checkpoints => roots.Count;

    string Log => $"/v1/tenants/{tenantId}/audit";

    /// <summary>Takes a checkpoint, then writes with a receipt, which is verified at once; whether the write was answered.</summary>
    /// <param name="client">Of one instance.</param>
    /// <param name="auditor">Who looks: nobody else has this name at the same time.</param>
    public async Task<bool> LookAsync(HttpClient client, string auditor)
    {
        if (await Caller.TryGetAsync(client, $"{Log}/checkpoint") is { } note) See(note);

        var number = asked.GetValueOrDefault(auditor);
        if (await TrustAsync(client) is { } trusted && await Caller.TryRecordWithReceiptAsync(client, $"{auditor}-{number}") is { } answer)
        {
            // The write went through; without a receipt when the database went away right after it.
            var receipt = JsonDocument.Parse(answer).RootElement.GetProperty("receipts");
            if (receipt.ValueKind == JsonValueKind.Array) SeeReceipt(answer, receipt[0], trusted);
            else answer.ShouldContain("store_unavailable");
            asked[auditor] = number + 1;
            return true;
        }

        await Task.Delay(20);
        return false;
    }

    /// <summary>Looks until it is told to stop; the last write has been answered then.</summary>
    public async Task WatchAsync(HttpClient client, string auditor, CancellationToken stop)
    {
        while (!await LookAsync(client, auditor) || !stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>How many writes were answered.</summary>
    public int Written => asked.Values.Sum();

    /// <summary>Every root that was ever seen is the root of so many leaves of the log as it is now, whose tiles say so.</summary>
    public async Task ShouldLieOnOneHistoryAsync(HttpClient client)
    {
        Receipts.ShouldBeGreaterThan(0);
        Checkpoints.ShouldBeGreaterThan(0);
        var newest = See(Encoding.UTF8.GetString(await ReadAsync(client, $"checkpoint?min_position={roots.Keys.Max()}")));

        var (tree, met) = (new RightEdge(), 0);
        while (tree.Size < newest)
        {
            var tile = await ReadAsync(client, Tile.Holding(0, tree.Size, newest).Path);
            for (var at = 0; at < tile.Length && tree.Size < newest; at += 32)
            {
                tree.Append(tile.AsSpan(at, 32));
                if (!roots.TryGetValue(tree.Size, out var root)) continue;

                tree.Root().ShouldBe(root, $"size {tree.Size} has another root today");
                met++;
            }
        }

        met.ShouldBe(roots.Keys.Count(size => size > 0));
        var sizes = roots.Keys.Where(size => size > 0).Order().ToArray();
        for (var i = 0; i < sizes.Length; i += (sizes.Length / MostConsistencyProofs) + 1) await ShouldGoOnAsync(client, sizes[i]);
    }

    async Task ShouldGoOnAsync(HttpClient client, long size)
    {
        var proof = JsonDocument.Parse(await ReadAsync(client, $"consistency?from={size}")).RootElement;
        MerkleProof.VerifyConsistency(
            size, proof.GetProperty("to").GetInt64(), Convert.FromBase64String(roots[size]), proof.GetProperty("to_root").GetBytesFromBase64(),
            [.. proof.GetProperty("hashes").EnumerateArray().Select(h => h.GetBytesFromBase64())]).ShouldBeTrue();
    }

    void SeeReceipt(string answer, JsonElement receipt, AuditTrust trusted)
    {
        AuditProof.Verify(Encoding.UTF8.GetBytes(answer), trusted).Outcome.ShouldBe(AuditOutcome.Verified, answer);
        See(receipt.GetProperty("tlog_proof").GetString()!.Split("\n\n", 2)[1]);
        Interlocked.Increment(ref receipts);
    }

    long See(string note)
    {
        var lines = note.Split('\n');
        var (size, root) = (long.Parse(lines[1]), lines[2]);
        if (!roots.TryAdd(size, root)) roots[size].ShouldBe(root, $"two roots were signed for size {size}");
        return size;
    }

    async Task<AuditTrust?> TrustAsync(HttpClient client)
    {
        if (trust is null && await Caller.TryGetAsync(client, "/v1/audit/keys") is { } keys)
            trust = new AuditTrust([AuditKey.Parse(JsonDocument.Parse(keys).RootElement.GetProperty("keys")[0].GetProperty("vkey").GetString()!)]);

        return trust;
    }

    /// <summary>What is there for sure; the database may just have come back.</summary>
    async Task<byte[]> ReadAsync(HttpClient client, string path)
    {
        const int Tries = 100;
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await client.GetAsync(new Uri($"{Log}/{path}", UriKind.Relative));
            if (answer.IsSuccessStatusCode) return await answer.Content.ReadAsByteArrayAsync();

            ((int)answer.StatusCode).ShouldBe(503, path);
            attempt.ShouldBeLessThan(Tries, $"{path} is not answered");
            await Task.Delay(100);
        }
    }

    /// <summary>The roots of the perfect subtrees of a growing tree (RFC 6962), written once more.</summary>
    sealed class RightEdge
    {
        readonly Stack<byte[]> peaks = new();

        public long Size { get; private set; }

        public void Append(ReadOnlySpan<byte> leaf)
        {
            var hash = leaf.ToArray();
            for (var rest = Size++; (rest & 1) == 1; rest >>= 1) hash = Node(peaks.Pop(), hash);
            peaks.Push(hash);
        }

        public string Root() => Convert.ToBase64String(peaks.Aggregate((right, left) => Node(left, right)));

        static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([1, .. left, .. right]);
    }
}
