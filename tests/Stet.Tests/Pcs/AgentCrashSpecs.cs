using System.Text;
using Stet.Client.Pcs;
using Stet.Pcs;
using Stet.Testing;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>Kills agents. <c>STET_CRASHES</c> says how often: 3 by default, 50 for the long form.</summary>
public class AgentCrashSpecs
{
    const int EpochRows = 3;

    static readonly int Crashes = int.Parse(Environment.GetEnvironmentVariable("STET_CRASHES") ?? "3");

    [Fact]
    public async Task Killing_the_agent_at_random_moments_neither_loses_nor_repeats_an_epoch()
    {
        var (service, tenant, tenantId, folder) = await StartAsync();
        var rows = new Rows(folder);
        var random = new Random(20261121);
        for (var crash = 0; crash < Crashes; crash++)
        {
            await using var agent = ServiceProcess.Run(port: 0, AgentProcess.Run(service, tenantId, folder, EpochRows));
            await UntilAsync(tenant, agent, await RecordedAsync(tenant) + 1 + random.Next(60), meanwhile: () => rows.Append(5));
            await agent.KillAsync();
        }

        var epochs = rows.Count / EpochRows;
        await using (var agent = ServiceProcess.Run(port: 0, AgentProcess.Run(service, tenantId, folder, EpochRows)))
        {
            await UntilAsync(tenant, agent, epochs);
            (await agent.StopAsync()).ShouldBe(0, agent.Output);
        }

        var recorded = await EpochsAsync(tenant);
        recorded.ShouldBe(Enumerable.Range(1, epochs).Select(epoch => ((long)epoch, Rows.IdOf(epoch))));
        using var listing = OutboxListing.Read(Path.Combine(folder, "outbox"));
        listing.Counts.ShouldSatisfyAllConditions(c => c.Pending.ShouldBe(0), c => c.Dead.ShouldBe(0));
        listing.Entries().Select(e => e.Epoch!.Value).Order().ShouldBe(recorded.Select(e => e.Epoch));
        (await tenant.ReadAsync("/v1/pcs/summary"))["equivocated"]!.GetValue<long>().ShouldBe(0);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_nothing_kept_before_is_lost()
    {
        var (service, tenant, tenantId, folder) = await StartAsync();
        var rows = new Rows(folder);
        rows.Append(120 * EpochRows);

        var (code, errors) = await AgentProcess.RunWithLimitAsync(
            kibibytes: 24, AgentProcess.Run(service, tenantId, folder, EpochRows));

        code.ShouldBe(1, errors);
        errors.ShouldContain("outbox` cannot be used: ");
        errors.ShouldContain("Free space");
        errors.ShouldNotContain("   at ");
        await using (var agent = ServiceProcess.Run(port: 0, AgentProcess.Run(service, tenantId, folder, EpochRows)))
        {
            await UntilAsync(tenant, agent, 120);
            (await agent.StopAsync()).ShouldBe(0, agent.Output);
        }

        (await EpochsAsync(tenant)).ShouldBe(Enumerable.Range(1, 120).Select(epoch => ((long)epoch, Rows.IdOf(epoch))));
    }

    static async Task<(TestService, Tenant, string TenantId, string Folder)> StartAsync()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        return (service, await PcsTenancy.NewAsync(service, tenantId), tenantId, AgentProcess.NewFolder());
    }

    /// <summary>Waits until the service has so many documents.</summary>
    static async Task UntilAsync(Tenant tenant, ServiceProcess agent, long count, Action? meanwhile = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (await RecordedAsync(tenant) < count)
        {
            if (patience.IsCancellationRequested) throw new InvalidOperationException($"the agent delivers too little; it wrote:\n{agent.Output}");
            meanwhile?.Invoke();
            await Task.Delay(5);
        }
    }

    static async Task<long> RecordedAsync(Tenant tenant)
    {
        var summary = await tenant.ReadAsync("/v1/pcs/summary");
        return summary["accepted"]!.GetValue<long>() + summary["escalated"]!.GetValue<long>();
    }

    static async Task<List<(long Epoch, string PcsId)>> EpochsAsync(Tenant tenant)
    {
        var epochs = new List<(long, string)>();
        string? cursor = null;
        do
        {
            var page = await tenant.ReadAsync($"/v1/pcs?shard_id=shard-001&limit=200{(cursor is null ? "" : $"&cursor={cursor}")}");
            epochs.AddRange(page["submissions"]!.AsArray().Select(s => (s!["epoch"]!.GetValue<long>(), s["pcs_id"]!.GetValue<string>())));
            cursor = page["next_cursor"]?.GetValue<string>();
        }
        while (cursor is not null);

        epochs.Sort();
        return epochs;
    }

    /// <summary>A source that grows, and what each of its epochs must come to.</summary>
    sealed class Rows
    {
        readonly string path;

        public Rows(string folder)
        {
            path = Path.Combine(folder, "rows.csv");
            File.WriteAllText(path, "timestamp,x,y,z\n");
        }

        public int Count { get; private set; }

        public void Append(int count)
        {
            var text = new StringBuilder();
            for (var i = Count; i < Count + count; i++) text.Append($"{i},{i % 7}.5,{i % 3}.25,{i}\n");
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            file.Write(Encoding.ASCII.GetBytes(text.ToString()));
            Count += count;
        }

        public static string IdOf(int epoch)
        {
            var tree = new MerkleTree(PcsVersion.V01);
            var lines = Enumerable.Range((epoch - 1) * EpochRows, EpochRows).Select(i => $"{i}.000000000,{i % 7}.5,{i % 3}.25,{i}");
            foreach (var chunk in Encoding.ASCII.GetBytes(string.Join('\n', lines)).Chunk(64)) tree.AddLeaf(chunk);
            return PcsIdentity.Of(tree.Root(), epoch, "shard-001");
        }
    }
}
