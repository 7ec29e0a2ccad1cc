using Microsoft.AspNetCore.Http;
using Npgsql;
using Stet.CommandLine;
using Stet.Testing;
using Stet.Tests.Http;
using Stet.Tests.Policy.AccessRequests;
using Stet.Tests.Policy.Lifecycle;

namespace Stet.Tests.CommandLine;

/// <summary><c>stet policy diff</c> and <c>replay</c> against a service.</summary>
public sealed class PolicyServiceSpecs
{
    [Fact]
    public async Task A_diff_drafts_the_candidate_and_prints_what_approvers_sign()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());

        var first = await RunAsync(service, tenantId, "diff", new PolicyFolder().Path);
        var again = await RunAsync(service, tenantId, "diff", new PolicyFolder().Path);

        first.ExitCode.ShouldBe(0, first.Errors);
        first.Output.ShouldMatch("^candidate      [0-9a-f]{64}\ndiff digest    [0-9a-f]{64}\nposition       [0-9]+\n");
        again.Output.Split('\n')[0].ShouldBe(first.Output.Split('\n')[0]);
        again.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Decisions_that_would_change_are_counted()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var agents = await AgentTenancy.NewAsync(new Tenant(service.Client(tenantId)));
        await agents.EvaluateAsync(AgentTenancy.Call("find_order"));
        await agents.EvaluateAsync(AgentTenancy.Call("format_disk"));
        var rules = TestCluster.NewFolder();
        (await CommandRun.OfAsync(["init", rules])).ExitCode.ShouldBe(0);
        File.Delete(Path.Combine(rules, "tests/tools.json"));
        await File.AppendAllTextAsync(Path.Combine(rules, "tools.cedar"), """
            @id("nobody-looks")
            forbid (principal, action == Action::"tools/call", resource == Tool::"find_order");
            """);

        var run = await RunAsync(service, tenantId, "diff", rules);

        run.ExitCode.ShouldBe(1, run.Errors);
        run.Output.ShouldContain("allow to deny  1\n");
        run.Output.ShouldContain("same           1\n");

        var candidate = run.Output.Split('\n')[0].Split(' ')[^1];
        (await RunAsync(service, tenantId, "diff", "--candidate", candidate)).Output.ShouldContain("allow to deny  1\n");
    }

    [Fact]
    public async Task Rules_that_decide_or_will_change_nothing()
    {
        var (service, tenantId) = (await TestService.SharedAsync(), TestService.NewTenantId());
        var tenant = new Tenant(service.Client(tenantId));
        var (active, coming) = (new PolicyFolder(), new PolicyFolder().Write("more.cedar", """@id("more") forbid (principal, action, resource);"""));
        var first = await tenant.ActivateAsync(PolicyFiles.Read([active.Path]).Text(withTests: true));
        var time = new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(7), TimeSpan.Zero);
        var second = await tenant.ActivateAsync(PolicyFiles.Read([coming.Path]).Text(withTests: true), time);

        var ofActive = await RunAsync(service, tenantId, "diff", active.Path);
        var ofComing = await RunAsync(service, tenantId, "diff", coming.Path);

        ofActive.ShouldBe(new CommandRun(0, $"These rules decide already: candidate {first}\n", ""));
        ofComing.ShouldBe(new CommandRun(0, $"These rules will decide from {time:yyyy-MM-dd}T00:00:00Z on: candidate {second}\n", ""));
    }

    [Fact]
    public async Task A_candidate_that_the_service_does_not_know_cannot_be_compared()
    {
        var run = await RunAsync(await TestService.SharedAsync(), TestService.NewTenantId(), "diff", "--candidate", new string('a', 64));

        run.ExitCode.ShouldBe(2);
        run.Errors.ShouldContain("candidate_not_found");
    }

    [Fact]
    public async Task Findings_stand_in_the_files_and_nothing_is_sent()
    {
        var run = await RunAsync(
            await TestService.SharedAsync(), TestService.NewTenantId(), "diff", new PolicyFolder().Write("broken.cedar", "permit (").Path);

        run.ExitCode.ShouldBe(1);
        run.Output.ShouldContain("broken.cedar:1:9: ");
    }

    [Fact]
    public async Task A_replay_finds_a_decision_that_was_changed_afterwards()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var agents = await AgentTenancy.NewAsync(new Tenant(service.Client(tenantId)));
        var approval = await agents.ApprovedAsync();
        await agents.EvaluateAsync(AgentTenancy.Call(approval: approval));
        await agents.EvaluateAsync(AgentTenancy.Call("format_disk"));

        var sound = await RunAsync(service, tenantId, "replay");
        sound.ExitCode.ShouldBe(0, sound.Output + sound.Errors);
        sound.Output.ShouldMatch("^3 decisions evaluated again up to position [0-9]+: all came out as recorded\n$");

        await using (var connection = await service.Database.OpenAsync())
        await using (var tamper = new NpgsqlCommand(
            $$"""
            update stet.mt_events set data = jsonb_set(data, '{effective}', '{"decision":true,"class":"allow","obligations":[]}')
            where tenant_id = '{{tenantId}}' and type = 'decision_recorded' and data -> 'resource' ->> 'id' = 'format_disk'
            """, connection))
            (await tamper.ExecuteNonQueryAsync()).ShouldBe(1);

        var found = await RunAsync(service, tenantId, "replay", "--from", "1");
        found.ExitCode.ShouldBe(1, found.Output + found.Errors);
        found.Output.ShouldMatch("^position [0-9]+: another result, on record at position [0-9]+\n3 decisions evaluated again up to position [0-9]+: 1 came out otherwise\n$");

        var again = await RunAsync(service, tenantId, "replay");
        again.Output.ShouldMatch("^position [0-9]+: another result, on record at position [0-9]+\n3 decisions evaluated again up to position [0-9]+: 1 came out otherwise\n$");
    }

    [Fact]
    public async Task A_replay_does_not_take_a_decision_for_sound_that_is_not_what_its_digest_says()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var agents = await AgentTenancy.NewAsync(new Tenant(service.Client(tenantId)));
        await agents.EvaluateAsync(AgentTenancy.Call("format_disk"));
        await using (var connection = await service.Database.OpenAsync())
        await using (var tamper = new NpgsqlCommand(
            $$"""
            update stet.mt_events set data = jsonb_set(data, '{replay_digest}', '"{{new string('0', 64)}}"')
            where tenant_id = '{{tenantId}}' and type = 'decision_recorded'
            """, connection))
            (await tamper.ExecuteNonQueryAsync()).ShouldBe(1);

        var found = await RunAsync(service, tenantId, "replay");

        found.ExitCode.ShouldBe(1, found.Output + found.Errors);
        found.Output.ShouldMatch(
            "^1 decisions evaluated again up to position [0-9]+: 1 cannot be read, or are not what was recorded; all others came out as recorded\n$");
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var followed = false;
        await using var other = await AnsweringService.StartAsync(_ => { followed = true; return Task.CompletedTask; });
        await using var service = await AnsweringService.StartAsync(context =>
        {
            context.Response.Redirect(other.Urls.Single(), permanent: true, preserveMethod: true);
            return Task.CompletedTask;
        });
        var url = service.Urls.Single();

        var diff = await CommandRun.OfAsync(["diff", new PolicyFolder().Path, "--service", url, "--header", "X-Api-Key: hunter2"]);
        var replay = await CommandRun.OfAsync(["replay", "--service", url, "--header", "X-Api-Key: hunter2"]);

        diff.ShouldBe(new CommandRun(2, "", $"{url}/ answers POST v1/policy/candidates with 308, and no redirect is followed: name the service itself.\n"));
        replay.ShouldBe(new CommandRun(2, "", $"{url}/ answers GET v1/policy/audit with 308, and no redirect is followed: name the service itself.\n"));
        followed.ShouldBeFalse();
    }

    [Fact]
    public async Task What_a_service_says_changes_nothing_on_a_terminal()
    {
        await using var service = await AnsweringService.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync("""{"code":"no\u001b[2J","detail":"x\n3 decisions evaluated again\u202e"}""");
        });

        (await CommandRun.OfAsync(["replay", "--service", service.Urls.Single()])).Errors
            .ShouldEndWith(" with 403: no\uFFFD[2J: x\uFFFD3 decisions evaluated again\uFFFD\n");
    }

    [Theory]
    [InlineData("`--service` is missing", "replay")]
    [InlineData("`--from` must be a position", "replay", "--service", "http://127.0.0.1:1", "--from", "0")]
    [InlineData("does not answer as Stet does", "replay", "--service", "http://127.0.0.1:1")]
    [InlineData("leave PATH and `--entities` out", "replay", "nowhere", "--service", "http://127.0.0.1:1")]
    [InlineData("leave PATH and `--entities` out", "replay", "--entities", "nowhere", "--service", "http://127.0.0.1:1")]
    public async Task A_wrong_call_ends_with_2(string message, params string[] arguments)
    {
        var run = await CommandRun.OfAsync(arguments);

        run.ExitCode.ShouldBe(2, run.Output);
        run.Errors.ShouldContain(message);
    }

    static Task<CommandRun> RunAsync(TestService service, string tenantId, params IEnumerable<string> arguments) => CommandRun.OfAsync(
        [.. arguments, "--service", service.Address.ToString(), "--header", $"X-Tenant-Id: {tenantId}", "--header", "X-Actor: alice"]);
}
