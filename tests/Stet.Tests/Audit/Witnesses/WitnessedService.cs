using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.Audit.Witnesses;
using Stet.AuditLog;
using Stet.Testing;
using Stet.Tests.Observability;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>A service on a clock of its own, a tenant with a log without events, and the one witness that knows it.</summary>
sealed class WitnessedService : IAsyncDisposable
{
    WitnessedService(TestService service, ScriptedWitness witness, ManualClock clock, CapturedLogs logs) =>
        (Service, Witness, Clock, Logs, Client) = (service, witness, clock, logs, service.Client(TenantId));

    public TestService Service { get; }

    public ScriptedWitness Witness { get; }

    public ManualClock Clock { get; }

    public CapturedLogs Logs { get; }

    public HttpClient Client { get; }

    public string TenantId { get; } = TestService.NewTenantId();

    /// <param name="more">Settings besides those of the witness.</param>
    public static async Task<WitnessedService> StartAsync(IReadOnlyDictionary<string, string?>? more = null)
    {
        var (clock, logs, witness) = (new ManualClock(), new CapturedLogs(), await ScriptedWitness.StartAsync());
        var service = await TestService.StartAsync(new()
        {
            Clock = clock,
            Log = logs,
            Settings = new Dictionary<string, string?>(witness.Settings.Concat(more ?? new Dictionary<string, string?>())),
        });
        var started = new WitnessedService(service, witness, clock, logs);

        using var created = await started.Client.PutAsync($"/v1/tenants/{started.TenantId}", null);
        created.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var keys = JsonDocument.Parse(await started.Client.GetStringAsync("/v1/audit/keys"));
        witness.Know(keys.RootElement.GetProperty("keys")[0].GetProperty("vkey").GetString()!);

        // Its first round comes when the test moves the clock, not whenever the service happens to look.
        await started.ExecuteAsync(
            "insert into stet.audit_round (tenant_id, size, started_at, next_at) values ($1, 0, $2, $2)",
            started.TenantId, clock.GetUtcNow().UtcDateTime);
        return started;
    }

    /// <summary>Another instance on the same database, in a folder of its own.</summary>
    public Task<TestService> StartAnotherAsync(CapturedLogs? logs = null) =>
        TestService.StartAsync(new() { Clock = Clock, Log = logs, Settings = Witness.Settings }, Service.Database);

    /// <summary>Runs the rounds that are due now.</summary>
    public Task RunDueAsync() => Service.Services.GetRequiredService<WitnessRounds>().RunDueAsync(CancellationToken.None);

    /// <summary>Lets a minute pass and runs the round that is due then, unless the service just does so itself.</summary>
    public async Task RoundAsync()
    {
        Clock.Advance(TimeSpan.FromSeconds(61));
        await RunDueAsync();

        await FinishedAsync();
    }

    /// <summary>Waits for the round that the service itself may have started.</summary>
    public async Task FinishedAsync()
    {
        while (await ScalarAsync<long>("select count(*) from stet.audit_round where next_at = started_at + interval '10 seconds'") > 0)
        {
            if (await ScalarAsync<long>("select count(*) from stet.audit_log where frozen_at is not null") > 0) return;
            await Task.Delay(20);
        }
    }

    public async Task RecordAsync(string field)
    {
        using var body = new StringContent(
            $$"""
            {"subject": {"type": "patient", "id": "p-17"}, "field_key": "{{field}}", "value": "severe", "class": "FACT",
             "permissions": {"readers": ["bot"]}, "actor": {"type": "human", "id": "dr-ada"}, "idempotency_key": "{{field}}"}
            """, Encoding.UTF8, "application/json");
        using var answer = await Client.PostAsync("/v1/corrections", body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    public async Task<(SignedNote Note, bool IsCosigned)> CheckpointAsync()
    {
        var note = SignedNote.Parse(await Client.GetByteArrayAsync($"/v1/tenants/{TenantId}/audit/checkpoint"));
        return (note, note.TryOpen([Witness.Key], out _, out _));
    }

    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var connection = await Service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await Service.Database.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Service.DisposeAsync();
        await Witness.DisposeAsync();
        Logs.Dispose();
    }
}
