namespace Stet.Tests.CommandLine;

public sealed class PolicyDiffSpecs
{
    const string Entities = """
        [{"uid": {"type": "User", "id": "ada"}, "attrs": {"level": 3}, "parents": [{"type": "Group", "id": "staff"}]},
         {"uid": {"type": "User", "id": "bob"}, "attrs": {}, "parents": []}]
        """;

    const string Requests = """
        {"subject": {"type": "User", "id": "ada"}, "action": {"name": "read"}, "resource": {"type": "Doc", "id": "plan"}}

        {"subject": {"type": "User", "id": "bob"}, "action": {"name": "read"}, "resource": {"type": "Doc", "id": "plan"}}
        {"subject": {"type": "User", "id": "ada"}, "action": {"name": "fly"}, "resource": {"type": "Doc", "id": "plan"}}
        """;

    readonly PolicyFolder old = new();
    readonly PolicyFolder @new = new();
    readonly PolicyFolder requests = new();

    public PolicyDiffSpecs() => requests.Write("requests", Requests).Write("entities", Entities);

    [Fact]
    public async Task The_same_rules_change_nothing() =>
        (await DiffAsync()).ShouldBe(new CommandRun(0, "3 requests: 3 same\n", ""));

    [Fact]
    public async Task Every_change_is_told_with_its_place()
    {
        @new.Write("more.cedar", """
            @id("everybody-reads") permit (principal == User::"bob", action == Action::"read", resource);
            @id("not-the-plan") forbid (principal in Group::"staff", action, resource == Doc::"plan");
            """);

        (await DiffAsync()).ShouldBe(new CommandRun(
            1,
            """
            requests:1: allow_to_deny: ada read plan: allow by readers -> deny by not-the-plan
            requests:3: deny_to_allow: bob read plan: deny -> allow by everybody-reads
            3 requests: 1 allow_to_deny, 1 deny_to_allow, 1 same

            """, ""));
    }

    [Fact]
    public async Task Another_reason_and_a_new_error_are_changes()
    {
        @new.Write("more.cedar", """
            @id("also") permit (principal in Group::"staff", action == Action::"read", resource);
            """);
        (await DiffAsync()).Output.ShouldContain("reason_only: ada read plan: allow by readers -> allow by also, readers");

        @new.Write("more.cedar", """
            @id("overflows") permit (principal, action == Action::"read", resource)
            when { principal has level && principal.level * 9223372036854775807 > 0 };
            """);
        (await DiffAsync()).Output.ShouldContain("new_error: ada read plan: allow by readers -> deny (policy_error) by readers");
    }

    [Fact]
    public async Task A_request_that_the_new_schema_does_not_know_is_told()
    {
        @new.Write("app.cedarschema", PolicyFolder.Schema.Replace("\"read\", \"write\"", "\"read\"").Replace("Doc", "Page"))
            .Write("readers.cedar", PolicyFolder.Readers);

        (await DiffAsync()).Output.ShouldContain("schema_invalid: ada read plan: allow by readers -> deny (unknown_type)");
    }

    [Fact]
    public async Task Requests_may_be_a_list()
    {
        requests.Write("requests", $"[{string.Join(",", Requests.Split('\n', StringSplitOptions.RemoveEmptyEntries))}]");

        (await DiffAsync()).ShouldBe(new CommandRun(0, "3 requests: 3 same\n", ""));
    }

    [Theory]
    [InlineData("{}", "requests:1:1: `/subject` is required, an object")]
    [InlineData("\n{\"subject\": 1,", "requests:2:1: ")]
    [InlineData("[{}]", "requests:1:2: `/subject` is required, an object")]
    [InlineData("[", "requests:1:")]
    [InlineData("", "There is no request in `requests`")]
    [InlineData(" \n", "There is no request in `requests`")]
    [InlineData("[]", "There is no request in `requests`")]
    public async Task What_is_no_request_cannot_be_compared(string text, string message)
    {
        requests.Write("requests", text);

        var run = await DiffAsync();

        run.ExitCode.ShouldBe(2);
        run.Errors.ShouldStartWith(message);
    }

    [Fact]
    public async Task Findings_in_a_candidate_end_it()
    {
        @new.Write("broken.cedar", "permit (");

        var run = await DiffAsync();

        run.ExitCode.ShouldBe(1);
        run.Output.ShouldContain("broken.cedar:1:9: ");
    }

    [Theory]
    [InlineData("Name two folders")]
    [InlineData("Name two folders", "one", "two", "three")]
    [InlineData("`--requests` is missing", "one", "two")]
    [InlineData("`--requests` needs a value", "one", "two", "--requests")]
    [InlineData("`--now` must be a time", "one", "two", "--requests", "requests", "--now", "noon")]
    [InlineData("`--service` must be a URL", ".", "--service", "ftp://stet")]
    [InlineData("`--header` needs `Name: value`", ".", "--service", "http://127.0.0.1:1", "--header", "secret")]
    [InlineData("http://127.0.0.1:1/ does not answer", "--service", "http://127.0.0.1:1", "--candidate", "x")]
    [InlineData("leave `--requests` out", ".", "--service", "http://127.0.0.1:1", "--requests", "requests")]
    [InlineData("leave `--entities` out", ".", "--service", "http://127.0.0.1:1", "--entities", "nowhere")]
    [InlineData("leave `--now` out", ".", "--service", "http://127.0.0.1:1", "--now", "2026-03-02T12:00:00Z")]
    [InlineData("`--candidate` stands for files", ".", "--service", "http://127.0.0.1:1", "--candidate", "x")]
    [InlineData("name the `--service`", "one", "two", "--requests", "requests", "--candidate", "x")]
    public async Task A_wrong_call_ends_with_2(string message, params string[] arguments)
    {
        var run = await CommandRun.OfAsync(["diff", .. arguments.Select(a => a == "requests" ? requests.At(a) : a)]);

        run.ExitCode.ShouldBe(2, run.Output);
        run.Errors.ShouldContain(message);
        run.Errors.ShouldNotContain("secret");
    }

    Task<CommandRun> DiffAsync() => CommandRun.OfAsync(
        ["diff", old.Path, @new.Path, "--requests", requests.At("requests"), "--entities", requests.At("entities")], requests.Path);
}
