using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Stet.Audit;
using Stet.Testing;
using Stet.Tests.Audit;
using Stet.Tests.Audit.SelfCheck;

namespace Stet.Tests.CommandLine;

/// <summary><c>stet audit selfcheck</c> on two logs, the second of which was tampered with.</summary>
public sealed class AuditSelfCheckSpecs(AuditSelfCheckSpecs.TwoLogs logs) : IClassFixture<AuditSelfCheckSpecs.TwoLogs>
{
    [Fact]
    public async Task A_sound_log_ends_with_0_and_prints_no_finding() =>
        (await logs.RunAsync("--tenant", logs.Sound)).ShouldBe((0, "", $"{logs.Sound}: 300 positions checked, 0 erased, 0 findings"));

    [Fact]
    public async Task Findings_are_JSON_lines_and_end_with_1()
    {
        var (exitCode, findings, errors) = await logs.RunAsync();

        exitCode.ShouldBe(1);
        findings.ShouldBe($$"""
            {"tenant":"{{logs.Changed}}","position":7,"until":8,"class":"MISSING","differs":["event"]}
            {"tenant":"{{logs.Changed}}","position":9,"until":9,"class":"ALTERED","differs":["data","envelope"]}
            {"tenant":"{{logs.Changed}}","position":256,"until":256,"class":"ALTERED","differs":["tile"],"tile":"tile/0/000"}
            {"tenant":"{{logs.Changed}}","position":300,"until":300,"class":"ALTERED","differs":["guard"],"after":100}
            """);
        errors.Split('\n').ShouldBe(
            [$"{logs.Sound}: 300 positions checked, 0 erased, 0 findings", $"{logs.Changed}: 300 positions checked, 0 erased, 4 findings"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_is_no_tenants_id_ends_with_2() =>
        (await logs.RunAsync("--tenant", logs.Sound.ToUpperInvariant())).ShouldBe(
            (2, "", $"`{logs.Sound.ToUpperInvariant()}` is no tenant's id: give a UUID in lower case."));

    [Fact]
    public async Task An_option_that_is_none_ends_with_2() =>
        (await logs.RunAsync("--tenants")).ShouldBe((2, "", "`--tenants` is no option of this command; see `stet audit selfcheck --help`."));

    [Fact]
    public async Task An_option_without_its_value_ends_with_2() =>
        (await logs.RunAsync("--tenant")).ShouldBe((2, "", "`--tenant` needs a tenant's id."));

    [Fact]
    public async Task An_option_that_is_given_twice_ends_with_2() =>
        (await logs.RunAsync("--tenant", logs.Sound, "--tenant", logs.Changed)).ShouldBe((2, "", "`--tenant` is given more than once."));

    [Fact]
    public async Task A_tenant_that_is_not_there_ends_with_2()
    {
        var nobody = TestService.NewTenantId();

        (await logs.RunAsync("--tenant", nobody)).ShouldBe((2, "", $"There is no tenant `{nobody}`."));
    }

    [Fact]
    public async Task A_folder_without_a_key_ends_with_2_and_gets_none()
    {
        var folder = TestCluster.NewFolder();

        var (exitCode, _, errors) = await TwoLogs.RunInAsync(folder, logs.ConnectionString);

        exitCode.ShouldBe(2);
        errors.ShouldStartWith($"There is no key file {folder}/kek:");
        Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
        Directory.Delete(folder);
    }

    [Fact]
    public async Task Another_installations_key_ends_with_2()
    {
        var folder = TwoLogs.NewFolder(new byte[32].Select(_ => (byte)1));

        var (exitCode, _, errors) = await TwoLogs.RunInAsync(folder, logs.ConnectionString);

        exitCode.ShouldBe(2);
        errors.ShouldStartWith("Keys in the database are wrapped by installation key");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_ends_with_3()
    {
        var (exitCode, findings, errors) = await TwoLogs.RunInAsync(logs.Folder, "Host=127.0.0.1;Port=1;Username=stet");

        exitCode.ShouldBe(3);
        findings.ShouldBeEmpty();
        errors.ShouldNotContain("Exception");
    }

    [Fact]
    public async Task What_is_no_tenants_id_ends_with_2_before_a_database_is_looked_for()
    {
        var (exitCode, _, errors) = await TwoLogs.RunInAsync(logs.Folder, "Host=127.0.0.1;Port=1;Username=stet", "--tenant", "nope");

        (exitCode, errors).ShouldBe((2, "`nope` is no tenant's id: give a UUID in lower case."));
    }

    [Fact]
    public async Task A_guard_that_is_gone_of_a_size_that_the_state_file_remembers_ends_with_1()
    {
        await using var service = await TestService.StartAsync();
        var log = LogClient.New(service);
        await log.RecordAsync(3);
        await log.CheckpointAsync("?min_position=3");
        var folder = TwoLogs.NewFolder(Enumerable.Range(0, 32).Select(i => (byte)i));
        File.Copy(service.Services.GetRequiredService<AuditOptions>().StateFile, Path.Combine(folder, "audit-state"));

        var sound = await TwoLogs.RunInAsync(folder, service.Database.ConnectionString);
        await log.TamperAsync("delete from stet.audit_signed where tenant_id = {tenant}");
        var (exitCode, findings, _) = await TwoLogs.RunInAsync(folder, service.Database.ConnectionString);
        await File.WriteAllTextAsync(Path.Combine(folder, "audit-state"), "x\nnote ");
        var damaged = await TwoLogs.RunInAsync(folder, service.Database.ConnectionString);

        sound.ExitCode.ShouldBe(0, sound.Errors);
        (exitCode, findings).ShouldBe(
            (1, $$"""{"tenant":"{{log.TenantId}}","position":3,"until":3,"class":"MISSING","differs":["guard"]}"""));
        damaged.ExitCode.ShouldBe(2);
        damaged.Errors.ShouldContain("is damaged");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_database_without_the_schema_ends_with_3()
    {
        await using var empty = await TestDatabase.CreateAsync();

        var (exitCode, _, errors) = await TwoLogs.RunInAsync(logs.Folder, empty.ConnectionString);

        exitCode.ShouldBe(3);
        errors.ShouldStartWith("The schema is not this version's:");
    }

    [Fact]
    public async Task It_runs_beside_a_service_on_its_private_database()
    {
        var folder = TestCluster.NewFolder();
        await using (var service = await ServiceProcess.ServeAsync(folder))
        {
            using var client = new HttpClient { BaseAddress = service.Address };
            client.DefaultRequestHeaders.Add("X-Tenant-Id", logs.Sound);
            using var body = new StringContent(
                Corrections.OrdinaryJson.Correction().ToJsonString(), Encoding.UTF8, "application/json");
            (await client.PostAsync("/v1/corrections", body)).EnsureSuccessStatusCode();

            var (exitCode, _, errors) = await ServiceProcess.RunAsync("audit", "selfcheck", "--data", folder);

            exitCode.ShouldBe(0, errors);
            errors.ShouldBe($"{logs.Sound}: 1 positions checked, 0 erased, 0 findings");
        }

        Directory.Delete(folder, recursive: true);
    }

    public sealed class TwoLogs : IAsyncLifetime
    {
        NotesLog notes = null!;

        public string Sound { get; private set; } = "";

        public string Changed { get; private set; } = "";

        public string Folder { get; } = NewFolder(new byte[32]);

        public string ConnectionString => notes.Database.ConnectionString;

        public static string NewFolder(IEnumerable<byte> key)
        {
            var folder = TestCluster.NewFolder();
            var file = Path.Combine(folder, "kek");
            File.WriteAllText(file, Convert.ToBase64String([.. key]));
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return folder;
        }

        public async Task InitializeAsync()
        {
            notes = await NotesLog.CreateAsync();
            Sound = await notes.NewTenantAsync(300);
            Changed = await notes.NewTenantAsync(100, 300);
            await notes.ChangeAsync(
                Changed, Change.NoEvent(7, 8), Change.Id(9), Change.TileRoot(0, 0), Change.Guard(300, "root"));
        }

        public async Task DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            await notes.DisposeAsync();
        }

        public Task<(int ExitCode, string Findings, string Errors)> RunAsync(params IEnumerable<string> arguments) =>
            RunInAsync(Folder, ConnectionString, arguments);

        public static async Task<(int ExitCode, string Findings, string Errors)> RunInAsync(
            string folder, string connectionString, params IEnumerable<string> arguments)
        {
            var (exitCode, output, errors) = await ServiceProcess.RunAsync(
                ["audit", "selfcheck", "--data", folder, "--connection", connectionString, .. arguments]);
            return (exitCode, string.Join('\n', output.Split('\n').Where(line => line.StartsWith('{'))), errors);
        }
    }
}
