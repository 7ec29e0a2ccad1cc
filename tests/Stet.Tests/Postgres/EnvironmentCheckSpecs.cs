using Npgsql;
using Stet.Postgres;
using Stet.Testing;

namespace Stet.Tests.Postgres;

public sealed class EnvironmentCheckSpecs : IDisposable
{
    static readonly ServerFacts good = new(
        "app", new PostgresVersion(17, 2), MayCreateRoles: false, RolesExist: true, HasRoles: true, MayCreateSchemas: false, HasSchema: true,
        IsReadOnly: false, ClockAhead: TimeSpan.FromMilliseconds(-40), Off: []);

    readonly string root = TestCluster.NewFolder();

    [Fact]
    public async Task A_server_of_our_own_passes_every_check()
    {
        await using var database = await TestDatabase.CreateAsync();

        var results = await CheckAsync(database.ConnectionString);

        results.Select(result => (result.Name, result.Outcome)).ShouldBe(
        [
            ("connection", CheckOutcome.Ok), ("version", CheckOutcome.Ok), ("writes", CheckOutcome.Ok), ("rights", CheckOutcome.Ok),
            ("clock", CheckOutcome.Ok), ("durability", CheckOutcome.Ok), ("checksums", CheckOutcome.Ok),
        ]);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_fails_without_a_secret()
    {
        var result = (await CheckAsync($"Host={root};Username=app;Password=hunter2")).ShouldHaveSingleItem();

        result.Outcome.ShouldBe(CheckOutcome.Failure);
        result.Message.ShouldContain("check that the server runs");
        result.Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task A_database_that_is_missing_is_told_with_what_makes_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        var missing = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "missing" };

        var result = (await CheckAsync(missing.ConnectionString)).ShouldHaveSingleItem();

        result.Message.ShouldEndWith($"database \"missing\" does not exist: create it, as with `createdb -O {missing.Username} missing`");
    }

    [Fact]
    public async Task A_malformed_connection_string_fails_without_a_secret()
    {
        var result = (await CheckAsync("Hots=here;Password=hunter2")).ShouldHaveSingleItem();

        result.ShouldBe(CheckResult.Failure(
            "connection", "the connection string is malformed: give it as \"Host=...;Database=...\""));
    }

    [Fact]
    public async Task A_private_one_needs_binaries_and_a_writable_folder_with_room()
    {
        var results = await CheckAsync(null, Path.Combine(root, "not", "yet", "there"));

        results.Select(result => result.Name).ShouldBe(["PostgreSQL", "data folder", "disk"]);
        results.ShouldNotContain(result => result.Outcome == CheckOutcome.Failure);
        Directory.EnumerateFileSystemEntries(root).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_folder_open_to_others_is_a_warning()
    {
        File.SetUnixFileMode(root, File.GetUnixFileMode(root) | UnixFileMode.OtherRead);

        (await CheckAsync(null, root)).ShouldContain(CheckResult.Warning(
            "data folder", $"{root} is open to other users; the next start closes it"));
    }

    [Fact]
    public async Task A_folder_with_files_of_others_fails()
    {
        await File.WriteAllTextAsync(Path.Combine(root, "thesis.txt"), "");

        (await CheckAsync(null, root)).ShouldContain(CheckResult.Failure(
            "data folder", $"{root} holds files that are not Stet's. Name an empty or a new folder with --data DIR."));
    }

    [Fact]
    public async Task A_cluster_of_another_version_fails()
    {
        Directory.CreateDirectory(Path.Combine(root, "postgres"));
        await File.WriteAllTextAsync(Path.Combine(root, "postgres", "PG_VERSION"), "14\n");

        (await CheckAsync(null, root)).Single(result => result.Name == "PostgreSQL").Outcome.ShouldBe(CheckOutcome.Failure);
    }

    [Theory]
    [InlineData(100L << 20, CheckOutcome.Failure)]
    [InlineData(2L << 30, CheckOutcome.Warning)]
    [InlineData(100L << 30, CheckOutcome.Ok)]
    public void Room_on_disk_is_judged_by_what_the_log_may_take(long free, CheckOutcome outcome) =>
        EnvironmentCheck.Disk(free).Outcome.ShouldBe(outcome);

    [Fact]
    public void A_user_with_the_roles_and_the_schema_in_place_needs_no_more() =>
        good.Judge().ShouldAllBe(result => result.Outcome == CheckOutcome.Ok);

    [Fact]
    public void An_old_server_fails() =>
        Verdict(good with { Version = new PostgresVersion(14, 9) }, "version").ShouldBe(CheckOutcome.Failure);

    [Fact]
    public void A_server_that_is_read_only_fails() =>
        Verdict(good with { IsReadOnly = true }, "writes").ShouldBe(CheckOutcome.Failure);

    [Fact]
    public void A_user_without_the_roles_fails() =>
        Verdict(good with { HasRoles = false }, "rights").ShouldBe(CheckOutcome.Failure);

    [Fact]
    public void A_schema_that_was_restored_without_its_roles_fails_with_what_to_do() =>
        (good with { RolesExist = false, HasRoles = false, MayCreateRoles = true }).Judge()
            .Single(result => result.Name == "rights").Message.ShouldContain("restore it again");

    [Fact]
    public void A_user_who_cannot_make_the_schema_fails() =>
        Verdict(good with { HasSchema = false, MayCreateRoles = true }, "rights").ShouldBe(CheckOutcome.Failure);

    [Fact]
    public void The_roles_are_not_enough_to_install() =>
        (good with { HasSchema = false, MayCreateSchemas = true }).Judge().ShouldContain(CheckResult.Failure(
            "rights",
            "`app` cannot create roles, which installing takes: give it CREATEROLE, or run `stet db apply` once as a superuser and "
            + "grant it stet_migrator, stet_writer, stet_reader"));

    [Fact]
    public void Who_can_create_roles_and_the_schema_can_install() =>
        Verdict(good with { HasSchema = false, RolesExist = false, HasRoles = false, MayCreateRoles = true, MayCreateSchemas = true }, "rights")
            .ShouldBe(CheckOutcome.Ok);

    [Fact]
    public void A_clock_that_is_off_is_told_with_its_direction() =>
        (good with { ClockAhead = TimeSpan.FromSeconds(-2.5) }).Judge().ShouldContain(CheckResult.Warning(
            "clock", "the database is 2.5 s behind this machine: synchronize both by NTP"));

    [Fact]
    public void Relaxed_durability_and_missing_checksums_are_warnings()
    {
        var relaxed = good with { Off = ["fsync", "data_checksums"] };

        Verdict(relaxed, "durability").ShouldBe(CheckOutcome.Warning);
        Verdict(relaxed, "checksums").ShouldBe(CheckOutcome.Warning);
    }

    [Fact]
    public void A_failure_is_printed_in_line_and_sets_the_exit_code()
    {
        var output = new StringWriter();

        var exitCode = EnvironmentCheck.Print(
            [CheckResult.Ok("disk", "20 GB free"), CheckResult.Failure("PostgreSQL", "none here:\n  install it")], output);

        exitCode.ShouldBe(1);
        output.ToString().ShouldBe(
            """
            ok    disk         20 GB free
            FAIL  PostgreSQL   none here:
                                 install it

            """);
    }

    [Fact]
    public void Warnings_leave_the_exit_code_alone() =>
        EnvironmentCheck.Print([CheckResult.Warning("disk", "1 GB free")], TextWriter.Null).ShouldBe(0);

    public void Dispose() => Directory.Delete(root, recursive: true);

    static Task<IReadOnlyList<CheckResult>> CheckAsync(string? connectionString, string folder = ".stet") =>
        EnvironmentCheck.RunAsync(
            connectionString, new PrivateClusterOptions { DataFolder = folder }, TimeProvider.System, CancellationToken.None);

    static CheckOutcome Verdict(ServerFacts facts, string name) =>
        facts.Judge().Single(result => result.Name == name).Outcome;
}
