using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Stet.Client.AuditLog;

namespace Stet.Tests.Crashes;

/// <summary>The checkpoints and receipts of one log that somebody outside has been handed, by whichever instance.</summary>
sealed class SeenLog(string tenantId)
{
    readonly ConcurrentDictionary<long, string> roots = [];
    readonly ConcurrentQueue<string> receipts = [];
    readonly ConcurrentDictionary<string, int> asked = [];

    public int Receipts => receipts.Count;

    public int Checkpoints => roots.Count;

    string Log => $"/v1/tenants/{tenantId}/audit";

    /// <summary>Takes a checkpoint, then writes with a receipt; whether the write was answered.</summary>
    /// <param name="client">Of one instance.</param>
    /// <param name="auditor">Who looks: nobody else has this name at the same time.</param>
    public async Task<bool> LookAsync(HttpClient client, string auditor)
    {
        if (await Caller.TryGetAsync(client, $"{Log}/checkpoint") is { } note)
        {
            var lines = note.Split('\n');
            var (size, root) = (long.Parse(lines[1]), lines[2]);
            if (!roots.TryAdd(size, root)) roots[size].ShouldBe(root, $"two roots were signed for size {size}");
        }

        var number = asked.GetValueOrDefault(auditor);
        if (await Caller.TryRecordWithReceiptAsync(client, $"{auditor}-{number}") is { } answer)
        {
            // The write went through; without a receipt when the database went away right after it.
            if (JsonDocument.Parse(answer).RootElement.GetProperty("receipts").ValueKind == JsonValueKind.Array) receipts.Enqueue(answer);
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

    /// <summary>Every checkpoint leads to the newest one, and every receipt verifies offline.</summary>
    public async Task ShouldLieOnOneHistoryAsync(HttpClient client)
    {
        var keys = await client.GetFromJsonAsync<JsonElement>(new Uri("/v1/audit/keys", UriKind.Relative));
        var trust = new AuditTrust([AuditKey.Parse(keys.GetProperty("keys")[0].GetProperty("vkey").GetString()!)]);
        Receipts.ShouldBeGreaterThan(0);
        foreach (var receipt in receipts)
        {
            AuditProof.Verify(Encoding.UTF8.GetBytes(receipt), trust).Outcome.ShouldBe(AuditOutcome.Verified, receipt);
            var note = JsonDocument.Parse(receipt).RootElement.GetProperty("receipts")[0].GetProperty("tlog_proof").GetString()!.Split("\n\n")[1].Split('\n');
            var (size, root) = (long.Parse(note[1]), note[2]);
            if (!roots.TryAdd(size, root)) roots[size].ShouldBe(root, $"two roots were signed for size {size}");
        }

        Checkpoints.ShouldBeGreaterThan(0);
        (await Caller.TryGetAsync(client, $"{Log}/checkpoint?min_position={roots.Keys.Max()}")).ShouldNotBeNull();
        foreach (var (size, root) in roots.Where(r => r.Key > 0))
        {
            var proof = await client.GetFromJsonAsync<JsonElement>(new Uri($"{Log}/consistency?from={size}", UriKind.Relative));
            proof.GetProperty("from_root").GetString().ShouldBe(root, $"size {size} has another root today");
            MerkleProof.VerifyConsistency(
                size, proof.GetProperty("to").GetInt64(), Convert.FromBase64String(root), proof.GetProperty("to_root").GetBytesFromBase64(),
                [.. proof.GetProperty("hashes").EnumerateArray().Select(h => h.GetBytesFromBase64())]).ShouldBeTrue();
        }
    }
}
