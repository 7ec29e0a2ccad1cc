using System.Text.Json;
using Npgsql;
using Stet.Testing;

namespace Stet.Tests.CommandLine;

public sealed class StetCommandSpecs
{
    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    [InlineData("check-env", "--help")]
    [InlineData("describe", "--help")]
    [InlineData("db", "--help")]
    public async Task Every_verb_explains_itself(params string[] arguments)
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync(arguments);

        exitCode.ShouldBe(0);
        output.ShouldContain("--connection");
        output.ShouldContain("--data");
    }

    [Theory]
    [InlineData("audit", "selfcheck")]
    [InlineData("witness")]
    [InlineData("witness", "keygen")]
    [InlineData("agent", "outbox", "list")]
    [InlineData("audit")]
    [InlineData("audit", "rewrap")]
    [InlineData("policy")]
    [InlineData("policy", "init")]
    [InlineData("policy", "check")]
    [InlineData("policy", "diff")]
    public async Task Help_shows_each_option_once_and_nothing_that_would_be_refused(params string[] command)
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync([.. command, "--help"]);

        exitCode.ShouldBe(0);
        output.Split("--help  ").Length.ShouldBe(2, output);
        output.ShouldNotContain("additional arguments", Case.Insensitive);
        output.ShouldNotContain("surplus");
    }

    [Theory]
    [InlineData(2, "`serve` is not understood; see `stet --help`.", "serve")]
    [InlineData(2, "`--prot` is no option of this command; see `stet --help`.", "--prot", "1")]
    [InlineData(2, "`--nosuch` is no option of this command; see `stet run --help`.", "run", "--nosuch")]
    [InlineData(2, "`--nosuch` is no option of this command; see `stet describe --help`.", "describe", "--nosuch")]
    [InlineData(2, "`--nosuch` is no option of this command; see `stet check-env --help`.", "check-env", "--nosuch")]
    [InlineData(2, "`--connection` is blank; see `stet run --help`.", "run", "--connection", "")]
    [InlineData(2, "`--data` is blank; see `stet check-env --help`.", "check-env", "--data", " ")]
    [InlineData(2, "Required command was not provided; see `stet db --help`.", "db")]
    [InlineData(2, "`--nosuch` is no option of this command; see `stet db assert --help`.", "db", "assert", "--nosuch")]
    [InlineData(2, "`--nosuch` is no option of this command; see `stet projections rebuild --help`.", "projections", "rebuild", "--nosuch")]
    [InlineData(2, "Name one projection (see `stet projections list`), or say --all; see `stet projections rebuild --help`.", "projections", "rebuild")]
    [InlineData(2, "`--chek` is no option of this command; see `stet policy check --help`.", "policy", "check", "--chek")]
    [InlineData(1, "Option '--in' is required; see `stet agent build --help`.", "agent", "build")]
    [InlineData(1, "`--nosuch` is no option of this command; see `stet agent send --help`.", "agent", "send", "--nosuch")]
    [InlineData(1, "`--nosuch` is no option of this command; see `stet agent outbox retry --help`.", "agent", "outbox", "retry", "--nosuch")]
    public async Task A_wrong_call_is_one_line_and_an_exit_code_that_no_finding_has(int code, string message, params string[] arguments)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(arguments);

        (exitCode, output, errors).ShouldBe((code, message, message));
    }

    [Fact]
    public async Task Behind_two_dashes_a_name_may_begin_with_one()
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(["policy", "check", "--", "-gate"]);

        (exitCode, output, errors).ShouldBe((2, errors, "`-gate` is neither a file nor a folder."));
    }

    [Theory]
    [InlineData("`--seed` takes a whole number from 0 to 4294967295, not `abc`; see `stet agent build --help`.", "build", "--in", "F", "--seed", "abc")]
    [InlineData("`--seed` takes a whole number from 0 to 4294967295, not `-1`; see `stet agent build --help`.", "build", "--in", "F", "--seed", "-1")]
    [InlineData("`--epoch` takes a whole number from 0 to 9223372036854775807, not `1.5`; see `stet agent build --help`.", "build", "--in", "F", "--epoch", "1.5")]
    [InlineData("`--chunk-size` takes a whole number from 0 to 2147483647, not `1k`; see `stet agent build --help`.", "build", "--in", "F", "--chunk-size", "1k")]
    [InlineData("`--epoch-seconds` takes a whole number from 0 to 9223372036854775807, not `1m`; see `stet agent run --help`.", "run", "--source", "F", "--epoch-seconds", "1m")]
    [InlineData("`--idle-seconds` takes a number, not `long`; see `stet agent run --help`.", "run", "--source", "F", "--idle-seconds", "long")]
    public async Task A_value_that_an_option_does_not_take_is_told_with_those_that_it_takes(string message, params string[] arguments)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(["agent", .. arguments]);

        (exitCode, output, errors).ShouldBe((1, message, message));
    }

    [Theory]
    [InlineData("Host=db;Passwort=hunter2", "run")]
    [InlineData("Host=db;Passwort=hunter2", "db", "assert")]
    [InlineData("Username=stet;Password=hunter2", "describe")]
    public async Task A_malformed_connection_string_is_not_repeated(string connectionString, params string[] verb)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync([.. verb, "--connection", connectionString]);

        exitCode.ShouldBe(1);
        errors.ShouldStartWith("The connection string is malformed");
        (output + errors).ShouldNotContain("hunter2");
    }

    [Theory]
    [InlineData("new-epoch")]
    [InlineData("replace-secret")]
    public async Task A_tenant_or_a_reason_that_is_none_ends_with_2_before_a_database_is_asked(string verb)
    {
        string[] command = ["audit", verb, "--connection", "Host=127.0.0.1;Port=1"];

        var tenant = await ServiceProcess.RunAsync([.. command, "--tenant", "ABC", "--reason", "leak"]);
        var reason = await ServiceProcess.RunAsync([.. command, "--tenant", TestService.NewTenantId(), "--reason", ""]);

        (tenant.ExitCode, tenant.Errors.TrimEnd()).ShouldBe((2, "`ABC` is no tenant's id: give a UUID in lower case."));
        (reason.ExitCode, reason.Errors.TrimEnd()).ShouldBe((2, "`--reason` must have 1 to 500 characters."));
    }

    [Theory]
    [InlineData("`--tenant` is missing.", "new-epoch")]
    [InlineData("`--tenant` is missing.", "replace-secret", "--reason", "leak")]
    [InlineData("`--reason` is missing.", "new-epoch", "--tenant", "ABC", "--reason")]
    [InlineData("`--reason` is given more than once.", "replace-secret", "--tenant", "ABC", "--reason", "a", "--reason", "b")]
    [InlineData("`--frob` is no option of this command; see `stet audit new-epoch --help`.", "new-epoch", "--frob")]
    [InlineData("`now` is no option of this command; see `stet audit rewrap --help`.", "rewrap", "now")]
    [InlineData("`frob` is not understood; see `stet audit --help`.", "frob")]
    [InlineData("Name what to do; see `stet audit --help`.")]
    public async Task A_wrong_call_of_audit_ends_with_2_and_one_line(string message, params string[] arguments)
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync(["audit", .. arguments]);

        (exitCode, output).ShouldBe((2, message));
    }

    [Theory]
    [InlineData("--urls", "8080")]
    [InlineData("--urls", "https://127.0.0.1:8443")]
    [InlineData("run", "--urls", "foo")]
    public async Task Where_it_cannot_listen_is_said_once(params string[] arguments)
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync(arguments);

        exitCode.ShouldBe(1);
        output.ShouldBe("`--urls` must be addresses such as `http://127.0.0.1:8080` or `http://*:8080`; TLS ends at a proxy in front.");
    }

    [Theory]
    [InlineData("0 stopped; 1 cannot start; 2 usage, or data folder in use", "run")]
    [InlineData("0 Stet could run here; 1 it could not; 2 usage", "check-env")]
    [InlineData("1 it differs, or cannot be asked; 2 usage", "db", "assert")]
    [InlineData("0 sound; 1 refuted; 2 usage; 3 unavailable; 4 malformed; 5 fork; 6 policy; 7 stale; 130 interrupted", "audit", "verify")]
    [InlineData("7 stale; 130 interrupted", "audit", "watch")]
    [InlineData("0 done; 1 not done; 2 no tenant's id or no reason", "audit", "new-epoch")]
    [InlineData("0 no findings; 1 findings; 2 usage or key; 3 could not be done; 130 interrupted", "audit", "selfcheck")]
    [InlineData("0 stopped; 1 cannot listen; 2 usage, key or state", "witness")]
    [InlineData("130 interrupted", "agent")]
    [InlineData("0 written; 2 a file is there already or cannot be written; 130 interrupted", "policy", "init")]
    public async Task Help_says_what_exit_codes_mean(string exitCodes, params string[] command)
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync([.. command, "--help"]);

        exitCode.ShouldBe(0);
        output.ShouldContain("Exit codes:");
        output.ShouldContain(exitCodes);
        output.Split("--help  ").Length.ShouldBe(2, output);
    }

    [Theory]
    [InlineData("witness", "--listen <ADDR>", "--state <DIR>", "--key <F>", "--log <VKEY>")]
    [InlineData("audit new-epoch", "--tenant <ID>", "--reason <TEXT>")]
    public async Task Help_marks_what_is_required(string command, params string[] options)
    {
        var (_, output, _) = await ServiceProcess.RunAsync([.. command.Split(' '), "--help"]);

        foreach (var option in options) output.Split('\n').Single(line => line.Contains($"  {option} ")).TrimEnd().ShouldEndWith("(REQUIRED)");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_ends_with_1()
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync("--connection", "Host=127.0.0.1;Port=1;Username=stet;Password=hunter2");

        exitCode.ShouldBe(1);
        errors.ShouldStartWith("PostgreSQL at 127.0.0.1:1, database stet: ");
        errors.ShouldContain("Connection refused");
        errors.ShouldNotContain("hunter2");
        errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task The_schema_is_applied_asserted_and_found_changed()
    {
        await using var database = await TestDatabase.CreateAsync();
        string[] connection = ["--connection", database.ConnectionString];

        (await ServiceProcess.RunAsync(["db", "assert", .. connection])).ExitCode.ShouldBe(1);
        (await ServiceProcess.RunAsync(["db", "apply", .. connection])).Output.ShouldContain("applied 001_roles.sql");
        (await ServiceProcess.RunAsync(["db", "assert", .. connection])).ExitCode.ShouldBe(0);

        await using (var open = await database.OpenAsync())
        await using (var change = new NpgsqlCommand("alter table stet.facts add column note text", open))
            await change.ExecuteNonQueryAsync();

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(["db", "assert", .. connection]);
        exitCode.ShouldBe(1);
        errors.ShouldBe("column facts.note was added by hand: `column facts.note text f`");
    }

    [Fact]
    public async Task A_rebuild_that_the_database_breaks_off_names_its_projection()
    {
        await using var database = await TestDatabase.CreateAsync();
        string[] connection = ["--connection", database.ConnectionString];
        (await ServiceProcess.RunAsync(["db", "apply", .. connection])).ExitCode.ShouldBe(0);
        await using (var open = await database.OpenAsync())
        await using (var change = new NpgsqlCommand("""
            create function public.refuse() returns event_trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
            create event trigger refuse on ddl_command_start execute function public.refuse();
            """, open))
            await change.ExecuteNonQueryAsync();

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(["projections", "rebuild", "enforcement", .. connection]);

        exitCode.ShouldBe(1);
        errors.ShouldStartWith("The rebuild of enforcement broke off; run it again:");
        errors.ShouldContain("the disk is full");
    }

    [Fact]
    public async Task A_database_made_from_the_dump_is_one_that_was_applied()
    {
        await using var database = await TestDatabase.CreateAsync();
        string[] connection = ["--connection", database.ConnectionString];
        var (exitCode, dump, _) = await ServiceProcess.RunAsync("db", "dump");
        exitCode.ShouldBe(0);

        await using (var open = await database.OpenAsync())
        await using (var play = new NpgsqlCommand(dump, open))
            await play.ExecuteNonQueryAsync();

        (await ServiceProcess.RunAsync(["db", "assert", .. connection])).ShouldSatisfyAllConditions(
            answer => answer.Errors.ShouldBeEmpty(), answer => answer.ExitCode.ShouldBe(0));
        (await ServiceProcess.RunAsync(["db", "apply", .. connection])).Output.ShouldStartWith("the schema is at ");
    }

    [Fact]
    public async Task The_environment_is_checked_without_changing_it()
    {
        var folder = Path.Combine(TestCluster.NewFolder(), "data");

        var (exitCode, output, _) = await ServiceProcess.RunAsync("check-env", "--data", folder);

        exitCode.ShouldBe(0);
        output.ShouldContain("PostgreSQL");
        output.ShouldContain("disk");
        Directory.Exists(folder).ShouldBeFalse();
    }

    [Fact]
    public async Task An_environment_that_cannot_run_the_service_ends_with_1()
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync("check-env", "--connection", "Host=127.0.0.1;Port=1;Password=hunter2");

        exitCode.ShouldBe(1);
        output.ShouldContain("FAIL  connection   PostgreSQL at 127.0.0.1:1: ");
        output.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task The_description_names_what_the_build_consists_of()
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync("describe");

        exitCode.ShouldBe(0);
        output.ShouldContain("correction_recorded");
        output.ShouldContain("tables corrections, facts");
        output.ShouldContain("kept in enforcing_system");
        output.ShouldContain("told by the newest event");
        output.ShouldContain("/v1/facts/context");
        output.ShouldContain("corrections:write");
        output.ShouldContain("Authentication:ClockSkew");
    }

    [Fact]
    public async Task The_description_shows_where_telemetry_goes_by_the_standard_variable()
    {
        await using var stet = ServiceProcess.RunWith([("OTEL_EXPORTER_OTLP_ENDPOINT", "http://stet:hunter2@collector:4318/x")], 0, ["describe"]);

        (await stet.ExitAsync()).ShouldBe(0);
        stet.Output.ShouldMatch(@"Observability:OtlpEndpoint +http://collector:4318/x");
        stet.Output.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task The_description_is_JSON_on_request_and_holds_no_password()
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync(
            "describe", "--json", "--connection", "Host=db.example;Username=stet;Password=hunter2;SSL Password=hunter2");

        exitCode.ShouldBe(0);
        output.ShouldNotContain("hunter2");
        using var description = JsonDocument.Parse(output);
        description.RootElement.GetProperty("database").GetString().ShouldBe("Host=db.example;Username=stet");
        description.RootElement.GetProperty("contexts").EnumerateArray()
            .SelectMany(c => c.GetProperty("events").EnumerateArray()).Select(e => e.GetProperty("stored_name").GetString())
            .ShouldContain("correction_revoked");
    }

    [Theory]
    [InlineData("Enforcement__GraceMultiplier", "abc", "Enforcement:GraceMultiplier: must be a number, not `abc`.")]
    [InlineData("Enforcement__IntervalSeconds", "0", "Enforcement:IntervalSeconds: ")]
    [InlineData("ASPNETCORE_URLS", "https://127.0.0.1:1", "ASPNETCORE_URLS must be addresses such as")]
    public async Task A_setting_that_cannot_be_used_is_named_in_one_line(string name, string value, string message)
    {
        var folder = TestCluster.NewFolder();
        await using var stet = ServiceProcess.RunWith([(name, value)], 0, ["run", "--data", folder]);

        (await stet.ExitAsync()).ShouldBe(1);
        stet.Errors.Split('\n').ShouldHaveSingleItem().ShouldContain(message);
    }

    [Theory]
    [InlineData("Enforcement:IntervalSeconds", "abc", "Enforcement:IntervalSeconds: must be a whole number, not `abc`.")]
    [InlineData("Enforcement:ClockSkew", "30 s", "Enforcement:ClockSkew: must be a time such as 00:00:30, not `30 s`.")]
    [InlineData("RateLimits:Read:PerSecond", "0", "RateLimits:Read:PerSecond: The field PerSecond must be between 1 and 1000000.")]
    [InlineData("RateLimits:Admin:Burst", "much", "RateLimits:Admin:Burst: must be a whole number, not `much`.")]
    [InlineData("Policy:AuditShare", "7", "Policy:AuditShare: The field AuditShare must be between 0.001 and 1.")]
    [InlineData("Audit:PublicHost", "http://x", "Audit:PublicHost: must be a host with an optional port and no scheme, such as stet.example.")]
    [InlineData("Audit:PublicLogs", "foo", "Audit:PublicLogs: must be lower-case UUIDs of tenants, separated by commas, such as 22222222-2222-4222-8222-222222222222.")]
    [InlineData("Audit:PublicLogs", "22222222-2222-4222-8222-222222222222 33333333-3333-4333-8333-333333333333", "Audit:PublicLogs: must be lower-case UUIDs of tenants, separated by commas, such as 22222222-2222-4222-8222-222222222222.")]
    [InlineData("Pcs:DefaultTenant", "a b", "Pcs:DefaultTenant: must be 1 to 64 letters, digits, dots, hyphens and underscores, such as clinic-1.")]
    [InlineData("AuthZen:PublicUrl", "http://x", "AuthZen:PublicUrl has to be an https URL without query, fragment and a slash at its end.")]
    public async Task The_description_shows_a_setting_that_cannot_be_used_and_why(string key, string value, string problem)
    {
        await using var stet = ServiceProcess.RunWith([(key.Replace(":", "__"), value)], 0, ["describe", "--json"]);

        (await stet.ExitAsync()).ShouldBe(0);
        using var description = JsonDocument.Parse(stet.Output);
        description.RootElement.GetProperty("problem").GetString().ShouldBe(problem);
        description.RootElement.GetProperty("options").GetProperty(key).GetString().ShouldBe(value);
    }

    [Fact]
    public async Task Where_to_listen_is_nothing_to_a_command_that_does_not()
    {
        await using var stet = ServiceProcess.RunWith([("ASPNETCORE_URLS", "https://127.0.0.1:1")], 0, ["describe"]);

        (await stet.ExitAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_settings_file_names_the_server_and_one_that_is_no_JSON_is_said()
    {
        var folder = TestCluster.NewFolder();
        var file = Path.Combine(folder, "appsettings.json");

        await File.WriteAllTextAsync(file, """{"ConnectionStrings":{"Stet":"Host=db.example;Username=stet;Password=hunter2"}}""");
        await using var named = ServiceProcess.RunWith([("ConnectionStrings__Stet", null)], 0, ["describe"], folder);
        (await named.ExitAsync()).ShouldBe(0);
        named.Output.ShouldContain("Database  Host=db.example;Username=stet");
        named.Output.ShouldContain($"Settings  {file}\n");

        await File.WriteAllTextAsync(file, """{"ConnectionStrings":{"Stet":"Host=db.example""");
        await using var broken = ServiceProcess.RunWith([("ConnectionStrings__Stet", null)], 0, ["describe"], folder);
        (await broken.ExitAsync()).ShouldBe(1);
        broken.Errors.ShouldContain(file);
        broken.Errors.ShouldNotContain("   at ");
        await using var check = ServiceProcess.RunWith([("ConnectionStrings__Stet", null)], 0, ["check-env"], folder);
        (await check.ExitAsync()).ShouldBe(1);
        check.Output.ShouldContain(file);
    }

    [Theory]
    [InlineData("db", "assert")]
    [InlineData("audit", "selfcheck")]
    [InlineData("projections", "rebuild", "--all", "--compare")]
    public async Task A_folder_without_a_database_gets_none_by_looking_into_it(params string[] verb)
    {
        var folder = Path.Combine(TestCluster.NewFolder(), "typo");

        var (exitCode, _, errors) = await ServiceProcess.RunAsync([.. verb, "--data", folder]);

        exitCode.ShouldBeGreaterThan(0);
        errors.ShouldStartWith($"There is no Stet database in {folder}: ");
        Directory.Exists(folder).ShouldBeFalse();
    }

    [Fact]
    public async Task A_file_is_no_data_folder()
    {
        var file = Path.Combine(TestCluster.NewFolder(), "file");
        await File.WriteAllTextAsync(file, "");

        var (exitCode, output, _) = await ServiceProcess.RunAsync("check-env", "--data", file);

        exitCode.ShouldBe(1);
        output.ShouldContain($"FAIL  data folder  {file} is a file");
    }

    [Fact]
    public async Task The_description_shows_a_policy_of_witnesses_without_passwords()
    {
        (string, string?)[] policy = [("Audit__WitnessPolicy", "witness w1 KEY https://u:hunter2@w.example\nwitness w2 KEY http://u:hunt@er2@[::1]:8/x@y\nquorum none")];
        await using var text = ServiceProcess.RunWith(policy, 0, ["describe"]);
        await using var json = ServiceProcess.RunWith(policy, 0, ["describe", "--json"]);

        (await text.ExitAsync()).ShouldBe(0);
        (await json.ExitAsync()).ShouldBe(0);

        text.Output.ShouldContain("witness w1 KEY https://w.example\nwitness w2 KEY http://[::1]:8/x@y\nquorum none");
        (text.Output + json.Output).ShouldNotContain("hunt");
    }

    [Fact]
    public async Task All_that_is_wrong_with_the_settings_is_said()
    {
        (string, string?)[] wrong = [("ASPNETCORE_ENVIRONMENT", "Production"), ("Audit__Witnesses__0__Vkey", "x")];
        await using var run = ServiceProcess.RunWith(wrong, 0, ["run", "--data", TestCluster.NewFolder()]);
        await using var described = ServiceProcess.RunWith(wrong, 0, ["describe"]);

        (await run.ExitAsync()).ShouldBe(1);
        (await described.ExitAsync()).ShouldBe(0);

        foreach (var told in (string[])[run.Errors, described.Output])
        {
            told.ShouldContain("No token issuer is configured");
            told.ShouldContain("`Audit:Witnesses`: ");
            told.ShouldNotContain("   at ");
        }
    }

    [Fact]
    public async Task The_description_says_why_the_service_would_not_start()
    {
        await using var stet = ServiceProcess.RunIn("Production", 0, "describe");

        (await stet.ExitAsync()).ShouldBe(0);
        stet.Output.ShouldContain("Would not start: No token issuer is configured");
    }
}
