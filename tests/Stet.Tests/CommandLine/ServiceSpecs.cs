using System.Net;
using System.Net.Sockets;
using System.Text;
using Stet.Postgres;
using Stet.Testing;

namespace Stet.Tests.CommandLine;

/// <summary>The life of a service on one data folder: every test starts with it stopped, or killed.</summary>
public sealed class ServiceSpecs(ServiceSpecs.FirstRun first) : IClassFixture<ServiceSpecs.FirstRun>
{
    string Cluster => Path.Combine(first.Folder, "postgres");

    [Fact]
    public void A_first_start_says_where_it_listens_and_what_to_try()
    {
        first.Output.ShouldContain("scripts applied");
        first.Output.ShouldContain("a private PostgreSQL");
        first.Output.ShouldContain("curl -s http://127.0.0.1:");
    }

    [Fact]
    public void Start_and_stop_are_announced_once()
    {
        foreach (var line in (string[])["Listening: ", "Stopping: "]) (first.Output.Split(line).Length - 1).ShouldBe(1, line);
        first.Output.ShouldNotContain("Microsoft.Hosting.Lifetime");
    }

    [Fact]
    public void A_service_told_to_stop_ends_with_0() => first.ExitCode.ShouldBe(0);

    [Fact]
    public void PostgreSQL_stops_with_the_service() => first.ServersAfterwards.ShouldBeEmpty();

    [Fact]
    public async Task A_second_start_serves_what_the_first_recorded_and_stops_in_good_order_with_its_terminal()
    {
        await using var service = await ServiceProcess.ServeAsync(first.Folder);

        (await FactsAsync(service.Address)).ShouldContain("severe");

        service.Output.ShouldNotContain("scripts applied");
        (await service.StopAsync("HUP")).ShouldBe(0);
        ServerProcesses.All(Cluster).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_start_after_the_service_was_killed_loses_nothing()
    {
        await using (var killed = await ServiceProcess.ServeAsync(first.Folder))
        {
            (await RecordAsync(killed.Address, "allergies.latex", "mild")).ShouldBe(HttpStatusCode.Created);
            await killed.KillAsync();
        }

        ServerProcesses.All(Cluster).ShouldNotBeEmpty();
        await using var service = await ServiceProcess.ServeAsync(first.Folder);

        (await FactsAsync(service.Address)).ShouldContain("allergies.latex");
    }

    [Fact]
    public async Task A_second_service_on_the_folder_ends_with_2_and_leaves_the_first_alone()
    {
        await using var service = await ServiceProcess.ServeAsync(first.Folder);

        var (exitCode, _, errors) = await ServiceProcess.RunAsync("--data", first.Folder, "--urls", "http://127.0.0.1:0");

        exitCode.ShouldBe(2);
        errors.ShouldContain("is in use by another Stet");
        (await FactsAsync(service.Address)).ShouldContain("severe");
    }

    [Fact]
    public async Task The_schema_and_the_server_are_checked_beside_the_service()
    {
        await using var service = await ServiceProcess.ServeAsync(first.Folder);

        (await ServiceProcess.RunAsync("db", "apply", "--data", first.Folder)).ExitCode.ShouldBe(0);
        var (exitCode, _, errors) = await ServiceProcess.RunAsync("db", "assert", "--data", first.Folder);
        (exitCode, errors).ShouldBe((0, ""));

        var check = (await ServiceProcess.RunAsync("check-env", "--data", first.Folder)).Output;
        foreach (var name in (string[])["connection", "rights", "clock"]) check.ShouldContain($"ok    {name}");
    }

    [Fact]
    public async Task A_port_in_use_is_said_in_one_line_and_stops_PostgreSQL()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (exitCode, output, errors) = await ServiceProcess.RunAsync("--data", first.Folder, "--urls", $"http://{other.LocalEndpoint}");

        exitCode.ShouldBe(1);
        errors.ShouldBe(
            $"Stet cannot listen. Failed to bind to address http://{other.LocalEndpoint}: address already in use. "
            + "Stop what uses the address, or name another with --urls.");
        output.ShouldNotContain("Exception");
        ServerProcesses.All(Cluster).ShouldBeEmpty();
    }

    [Fact]
    public async Task Production_without_an_issuer_is_refused_in_one_line()
    {
        await using var service = ServiceProcess.RunIn("Production", 0, "--data", first.Folder, "--urls", "http://127.0.0.1:0");

        (await service.ExitAsync()).ShouldBe(1);

        service.Errors.ShouldStartWith("No token issuer is configured");
        service.Errors.ShouldNotContain("\n");
        service.Output.ShouldBe(service.Errors);
        ServerProcesses.All(Cluster).ShouldBeEmpty();
    }

    static async Task<HttpStatusCode> RecordAsync(Uri url, string field, string value)
    {
        using var client = Client(url);
        using var body = new StringContent(
            $$"""
            {"subject": {"type": "patient", "id": "p-17"}, "field_key": "{{field}}", "value": "{{value}}", "class": "FACT",
             "permissions": {"readers": ["bot"]}, "actor": {"type": "human", "id": "dr-ada"}, "idempotency_key": "{{field}}"}
            """, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/v1/corrections", body);
        return answer.StatusCode;
    }

    static async Task<string> FactsAsync(Uri url)
    {
        using var client = Client(url);
        return await client.GetStringAsync("/v1/facts?subject_type=patient&subject_id=p-17&requester_id=bot");
    }

    static HttpClient Client(Uri url) =>
        new() { BaseAddress = url, DefaultRequestHeaders = { { "X-Tenant-Id", "11111111-1111-4111-8111-111111111111" } } };

    /// <summary>A service on an empty folder that recorded a correction and was told to stop.</summary>
    public sealed class FirstRun : IAsyncLifetime
    {
        public string Folder { get; } = TestCluster.NewFolder();

        public string Output { get; private set; } = "";

        public int ExitCode { get; private set; }

        public IReadOnlyList<int> ServersAfterwards { get; private set; } = [];

        public async Task InitializeAsync()
        {
            await using var service = await ServiceProcess.ServeAsync(Folder);
            (await RecordAsync(service.Address, "allergies.penicillin", "severe")).ShouldBe(HttpStatusCode.Created);
            ExitCode = await service.StopAsync();
            Output = service.Output;
            ServersAfterwards = ServerProcesses.All(Path.Combine(Folder, "postgres"));
        }

        public Task DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return Task.CompletedTask;
        }
    }
}
