using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using Stet.AuditLog;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Audit;

/// <summary>A tenant with an audit log, spoken to with URLs alone.</summary>
sealed class LogClient(TestService service, string tenantId)
{
    static int last;

    readonly HttpClient http = service.Client(tenantId);

    public static LogClient New(TestService service) => new(service, TestService.NewTenantId());

    /// <summary>One with so many events, all of which a checkpoint covers.</summary>
    public static async Task<LogClient> SignedAsync(TestService service, int size)
    {
        var log = New(service);
        await log.RecordAsync(size);
        (await log.CheckpointAsync($"?min_position={size}")).Size.ShouldBe(size);
        return log;
    }

    /// <summary>The commitment that data and salt of a payload come to.</summary>
    public static string CommitOf(JsonNode payload)
    {
        var canonical = new ArrayBufferWriter<byte>();
        CanonicalJson.TryWrite(Encoding.UTF8.GetBytes(payload["data"]!.ToJsonString()), canonical, out _).ShouldBeTrue();
        return Commitment.Of(Convert.FromBase64String((string)payload["salt"]!), canonical.WrittenSpan).ToString();
    }

    public string TenantId => tenantId;

    public string Prefix => $"/v1/tenants/{tenantId}/audit";

    /// <summary>Below which the log is served.</summary>
    public Uri Url => new(service.Address, Prefix);

    public Tenant Tenant { get; } = new(service.Client(tenantId));

    /// <summary>The same tenant at another instance.</summary>
    public LogClient At(TestService other) => new(other, tenantId);

    /// <summary>Records so many events, and answers the position of the last one.</summary>
    public async Task<long> RecordAsync(int count)
    {
        var position = 0L;
        for (var left = count; left > 0; left -= 500)
        {
            var items = new JsonArray([.. Enumerable.Range(0, Math.Min(left, 500)).Select(i => Correction($"f{Interlocked.Increment(ref last)}"))]);
            var answer = await Tenant.PostAsync("/v1/corrections/batch", new JsonObject { ["corrections"] = items });
            answer.Status.ShouldBe(201, answer.Text);
            position = long.Parse(answer.Headers["Stet-Position"]);
        }

        return position;
    }

    /// <summary>The oldest key of the log's epoch.</summary>
    public async Task<string> VkeyAsync() => (string)(await Tenant.GetAsync("/v1/audit/keys")).Json["keys"]![0]!["vkey"]!;

    /// <summary>A checkpoint whose signature is good.</summary>
    public async Task<Checkpoint> CheckpointAsync(string query = "")
    {
        var answer = await GetAsync($"checkpoint{query}");
        answer.Status.ShouldBe(HttpStatusCode.OK);
        return await OpenAsync(answer.Body);
    }

    public async Task<Checkpoint> OpenAsync(byte[] note)
    {
        Checkpoint.TryOpen(SignedNote.Parse(note), [VerifierKey.Parse(await VkeyAsync())], out var opened, out var refusal).ShouldBeTrue(refusal);
        return opened!.Checkpoint;
    }

    public Task<Served> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, headers);

    public async Task<Served> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, $"{Prefix}/{path}");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await http.SendAsync(request);
        return new Served(response.StatusCode, await response.Content.ReadAsByteArrayAsync(), response.Headers, response.Content.Headers);
    }

    /// <summary>All entries of a size, from its bundles.</summary>
    public async Task<List<byte[]>> EntriesAsync(long size)
    {
        var entries = new List<byte[]>();
        foreach (var bundle in Tile.Of(size).Where(t => t.IsEntries))
        {
            var served = await GetAsync(bundle.Path);
            served.Status.ShouldBe(HttpStatusCode.OK, bundle.Path);
            var rest = served.Body.AsSpan();
            while (!rest.IsEmpty)
            {
                var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
                entries.Add(rest.Slice(2, length).ToArray());
                rest = rest[(2 + length)..];
            }
        }

        return entries;
    }

    /// <summary>The ids of the first events.</summary>
    public async Task<List<Guid>> EventIdsAsync()
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand($"select id from stet.mt_events where tenant_id = '{tenantId}' order by seq_id", connection);
        await using var rows = await command.ExecuteReaderAsync();
        var ids = new List<Guid>();
        while (await rows.ReadAsync()) ids.Add(rows.GetGuid(0));
        return ids;
    }

    /// <summary>Changes what is stored, as whoever owns the database can.</summary>
    public async Task TamperAsync(string sql)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{tenant}", $"'{tenantId}'", StringComparison.Ordinal), connection);
        (await command.ExecuteNonQueryAsync()).ShouldBePositive();
    }
}

/// <summary>What was served.</summary>
sealed record Served(HttpStatusCode Status, byte[] Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Code => ContentHeaders.ContentType?.MediaType == "application/problem+json" ? (string?)JsonNode.Parse(Text)!["code"] : null;
}
