using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.AuditLog;
using Stet.Enforcement;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Enforcement;
using static Stet.Tests.Corrections.OrdinaryJson;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Audit;

public class LeafTests
{
    [Fact]
    public async Task Every_event_has_a_leaf_of_its_entry_and_the_head_carries_the_right_edge()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);

        for (var i = 0; i < 300; i++) await tenant.Http.CorrectAsync($"field_{i % 7}", $"value {i}");
        await tenant.Http.BeatAsync("bot");

        await tenant.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task Tiles_are_written_when_a_batch_fills_them()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);

        foreach (var count in new[] { 255, 1, 300, 500 }) await tenant.RecordAsync(count);

        await tenant.ShouldBeWholeAsync();
        (await tenant.CountAsync("audit_tile")).ShouldBe(4);
    }

    [Fact]
    public async Task What_comes_to_nothing_leaves_no_leaf()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        var twice = Correction("b").With("idempotency_key", "one");

        var refused = await tenant.Http.PostAsync("/v1/corrections/batch", new System.Text.Json.Nodes.JsonObject
        {
            ["atomic"] = true,
            ["corrections"] = new System.Text.Json.Nodes.JsonArray(
                Correction("a"), twice, twice.DeepClone().AsObject().With("value", "other")),
        });
        await tenant.Http.RecordAsync(Correction("c"));

        refused.Status.ShouldBe(409, refused.Text);
        (await tenant.CountAsync("audit_leaf")).ShouldBe(1);
        await tenant.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task A_number_that_no_double_carries_is_refused_with_its_path_and_nothing_is_written()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        await tenant.Http.BeatAsync("bot");

        var store = service.Services.GetRequiredService<Store>();
        var stream = EnforcementModule.SystemOf("bot");
        var streamId = (await store.FindTenantAsync(tenant.Id, CancellationToken.None))!.StreamId(stream.Parts);
        var uncarried = new StreamCommand<EnforcingSystem>(
            stream.State, streamId, (_, now) => [new HeartbeatReceived("bot", now, null, null, StringSet.Empty, null, 9007199254740993, now)]);

        var refused = await Should.ThrowAsync<UnloggableEventException>(() =>
            store.AppendAsync(tenant.Id, new EventMetadata("application"), uncarried, CancellationToken.None));

        refused.Pointer.ShouldBe("/sequence");
        (await tenant.CountAsync("mt_events")).ShouldBe(1);
        await tenant.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task A_log_that_many_ask_for_at_one_time_is_made_once()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        for (var i = 0; i < 10; i++)
        {
            var tenantId = TestService.NewTenantId();
            await first.Services.GetRequiredService<Store>().CreateTenantAsync(tenantId, CancellationToken.None);

            var keys = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => new LogClient(n % 2 == 0 ? first : second, tenantId).VkeyAsync()));

            keys.Distinct().ShouldHaveSingleItem();
        }
    }

    [Fact]
    public async Task Two_instances_extend_one_log()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var tenant = new LoggedTenant(first);
        var other = Tenancy.Of(second, tenant.Id);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? tenant.Http : other).CorrectAsync($"f{i}")));

        await tenant.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task Events_older_than_the_log_get_their_leaves_at_the_next_start()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        await tenant.RecordAsync(300);
        await using (var connection = await service.Database.OpenAsync())
        {
            await using var forget = new NpgsqlCommand("""
                truncate stet.audit_leaves, stet.audit_tile, stet.audit_signed;
                update stet.tenant_head set audit_peaks = ''
                """, connection);
            await forget.ExecuteNonQueryAsync();
        }

        await using var upgraded = await TestService.StartAsync(database: service.Database);

        await tenant.ShouldBeWholeAsync();
        await Tenancy.Of(upgraded, tenant.Id).CorrectAsync("after");
        await tenant.ShouldBeWholeAsync();
    }

    [Fact]
    public async Task A_key_that_cannot_be_unwrapped_stops_the_start()
    {
        await using var service = await TestService.StartAsync();
        await new LoggedTenant(service).RecordAsync(1);

        var e = await Should.ThrowAsync<Stet.Audit.InstallationKeyException>(() => TestService.StartAsync(
            new TestServiceOptions { Settings = new Dictionary<string, string?> { ["STET_KEK"] = Convert.ToBase64String(new byte[32]) } },
            service.Database));

        e.Message.ShouldContain("STET_KEK");
    }

    [Fact]
    public async Task Neither_the_reader_nor_another_tenant_sees_a_wrapped_key()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new LoggedTenant(service);
        await tenant.RecordAsync(1);
        await using var connection = await service.Database.OpenAsync();

        await using (var reader = new NpgsqlCommand("set role stet_reader; select * from stet.audit_key", connection))
            (await Should.ThrowAsync<PostgresException>(() => reader.ExecuteNonQueryAsync())).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        await using var writer = new NpgsqlCommand(
            $"reset role; set role stet_writer; set stet.tenant = '{TestService.NewTenantId()}'; select count(*) from stet.audit_key", connection);
        (await writer.ExecuteScalarAsync()).ShouldBe(0L);
    }
}

/// <summary>A tenant whose audit log is made again from its events, by the formulas of the specification alone.</summary>
sealed class LoggedTenant(TestService service)
{
    public string Id { get; } = TestService.NewTenantId();

    public Tenant Http => field ??= Tenancy.Of(service, Id);

    /// <summary>Records corrections in one request.</summary>
    public async Task RecordAsync(int count)
    {
        var run = TestService.NewTenantId();
        var answer = await Http.PostAsync("/v1/corrections/batch", new System.Text.Json.Nodes.JsonObject
        {
            ["corrections"] = new System.Text.Json.Nodes.JsonArray(
                [.. Enumerable.Range(0, count).Select(i => Correction($"f{i}-{run}").With("idempotency_key", $"{i}-{run}"))]),
        });
        answer.Status.ShouldBe(201, answer.Text);
    }

    public async Task<long> CountAsync(string table)
    {
        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand($"select count(*) from stet.{table} where tenant_id = '{Id}'", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Leaves, tiles and peaks are what the events say.</summary>
    public async Task ShouldBeWholeAsync()
    {
        var log = (await ((Stet.Audit.TenantLogs)service.Services.GetService(typeof(Stet.Audit.TenantLogs))!).FindAsync(Id, CancellationToken.None))!;
        var leaves = new List<byte[]>();
        await using var connection = await service.Database.OpenAsync();
        await using (var command = new NpgsqlCommand($"""
            select e.seq_id, e.id, e.data::text, e.headers ->> 'actor_class', e.stream_id, e.version, e.type,
                to_char(e.timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), l.hash, l.commit
            from stet.mt_events e left join stet.audit_leaf l on l.tenant_id = e.tenant_id and l.position = e.seq_id
            where e.tenant_id = '{Id}' order by e.seq_id
            """, connection))
        await using (var row = await command.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                var salt = new byte[32];
                log.WriteSalt(row.GetInt64(0), row.GetGuid(1), salt);
                var canonical = new ArrayBufferWriter<byte>();
                CanonicalJson.TryWrite(Encoding.UTF8.GetBytes(row.GetString(2)), canonical, out _, maxDepth: 64).ShouldBeTrue();
                var commit = SHA256.HashData([.. "stet-commit/v1\0"u8, .. salt, .. canonical.WrittenSpan]);
                var entry = $$"""
                    {"actor":"{{row.GetString(3)}}","at":"{{row.GetString(7)}}","commit":"{{Convert.ToBase64String(commit)}}","id":"{{row.GetGuid(1)}}","schema":1,"stream":"{{row.GetGuid(4)}}","type":"{{row.GetString(6)}}","v":1,"version":{{row.GetInt64(5)}}}
                    """;
                leaves.Add(SHA256.HashData([0, .. Encoding.UTF8.GetBytes(entry)]));
                row.GetFieldValue<byte[]>(8).ShouldBe(leaves[^1], $"leaf of position {row.GetInt64(0)}");
                row.GetFieldValue<byte[]>(9).ShouldBe(commit);
            }
        }

        var (position, peaks) = await HeadAsync(connection);
        position.ShouldBe(leaves.Count);
        peaks.ShouldBe(PeaksOf(leaves, 0, leaves.Count).SelectMany(p => p).ToArray());
        await ShouldHaveTilesAsync(connection, leaves);
    }

    async Task<(long Position, byte[] Peaks)> HeadAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand($"select position, audit_peaks from stet.tenant_head where tenant_id = '{Id}'", connection);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return (row.GetInt64(0), row.GetFieldValue<byte[]>(1));
    }

    async Task ShouldHaveTilesAsync(NpgsqlConnection connection, List<byte[]> leaves)
    {
        await using var command = new NpgsqlCommand($"select n, root, hashes from stet.audit_tile where tenant_id = '{Id}' and level = 0 order by n", connection);
        await using var row = await command.ExecuteReaderAsync();
        var tiles = 0;
        while (await row.ReadAsync())
        {
            row.GetInt64(0).ShouldBe(tiles);
            row.GetFieldValue<byte[]>(1).ShouldBe(Root(leaves, tiles * 256, 256));
            row.GetFieldValue<byte[]>(2).ShouldBe(leaves.Skip(tiles * 256).Take(256).SelectMany(h => h).ToArray());
            tiles++;
        }

        tiles.ShouldBe(leaves.Count / 256);
    }

    static IEnumerable<byte[]> PeaksOf(List<byte[]> leaves, int from, int count)
    {
        for (var size = 1 << 20; size > 0; size >>= 1)
        {
            if ((count & size) == 0) continue;
            yield return Root(leaves, from, size);
            from += size;
        }
    }

    static byte[] Root(List<byte[]> leaves, int from, int size) => size == 1
        ? leaves[from]
        : SHA256.HashData([1, .. Root(leaves, from, size / 2), .. Root(leaves, from + (size / 2), size / 2)]);
}
