using Stet.CommandLine;

namespace Stet.Tests.CommandLine;

/// <summary><c>stet policy replay</c> on files.</summary>
public sealed class PolicyReplaySpecs
{
    const string Entities = """
        [{"uid": {"type": "User", "id": "ada"}, "attrs": {}, "parents": [{"type": "Group", "id": "staff"}]}]
        """;

    readonly PolicyFolder rules = new();
    readonly PolicyFolder recorded = new();

    public PolicyReplaySpecs() => recorded.Write("entities", Entities);

    [Theory]
    [InlineData("{\"decisions\": [{0}, {1}], \"next_cursor\": null, \"position\": 9}", "[1]")]
    [InlineData("[{0}, {1}]", "[1]")]
    [InlineData("{0}\n\n{1}\n", ":3")]
    public async Task What_comes_out_otherwise_is_told_with_its_place(string form, string place)
    {
        recorded.Write("decisions", form
            .Replace("{0}", Decision("ada", isAllowed: true), StringComparison.Ordinal)
            .Replace("{1}", Decision("bob", isAllowed: true, isWrapped: true), StringComparison.Ordinal));

        (await ReplayAsync()).ShouldBe(new CommandRun(
            1,
            $"""
            decisions{place}: allow_to_deny: bob read plan: allow by readers -> deny
            2 decisions evaluated again: 1 came out otherwise

            """, ""));
    }

    [Fact]
    public async Task It_can_be_stopped_while_it_works()
    {
        recorded.Write("decisions", $"[{Decision("bob", isAllowed: true)},{Decision("bob", isAllowed: true)}]");
        using var returned = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        using var output = new SlowWriter(returned);
        using var errors = new StringWriter();

        var running = PolicyCommand.Create().Parse(["replay", rules.Path, "--decisions", recorded.At("decisions")])
            .InvokeAsync(new() { Output = output, Error = errors }, stop.Token);
        await stop.CancelAsync();
        returned.Set();

        ((await running), errors.ToString()).ShouldBe((130, $"Stopped before it was done.{Environment.NewLine}"));
    }

    [Fact]
    public async Task What_comes_out_as_it_was_is_counted()
    {
        recorded.Write("decisions", $"[{Decision("ada", isAllowed: true)},{Decision("bob", isAllowed: false)}]");

        (await ReplayAsync()).ShouldBe(new CommandRun(0, "2 decisions evaluated again: all came out as recorded\n", ""));
    }

    [Fact]
    public async Task Each_is_evaluated_at_its_own_time()
    {
        rules.Write("readers.cedar", PolicyFolder.Readers.Replace(");", ") when { context.now < datetime(\"2026-01-01\") };", StringComparison.Ordinal));
        recorded.Write("decisions", $"[{Decision("ada", isAllowed: true)},{Decision("ada", isAllowed: true, year: 2025)}]");

        (await ReplayAsync()).Output.ShouldBe("""
            decisions[0]: allow_to_deny: ada read plan: allow by readers -> deny
            2 decisions evaluated again: 1 came out otherwise

            """);
    }

    [Theory]
    [InlineData("{}", "decisions[0]: is no recorded decision")]
    [InlineData("[7]", "decisions[0]: is no recorded decision")]
    [InlineData("[{\"evaluation_id\": \"x\"}]", "decisions[0]: is no recorded decision")]
    [InlineData("{}\n{", "decisions:1: is no recorded decision")]
    [InlineData("{", "decisions:1: is no JSON")]
    [InlineData("", "There is no decision in `decisions`")]
    [InlineData("[]", "There is no decision in `decisions`")]
    [InlineData("{\"decisions\": [], \"next_cursor\": null, \"position\": 9}", "There is no decision in `decisions`")]
    public async Task What_is_no_decision_cannot_be_replayed(string text, string message)
    {
        recorded.Write("decisions", text);

        var run = await ReplayAsync();

        run.ExitCode.ShouldBe(2, run.Output);
        run.Errors.ShouldStartWith(message);
    }

    [Theory]
    [InlineData("`--service` is missing, or `--decisions`")]
    [InlineData("leave `--service` and `--from` out", "--decisions", "x", "--from", "3")]
    [InlineData("leave `--service` and `--from` out", "--decisions", "x", "--service", "http://127.0.0.1:1")]
    [InlineData("cannot be read", "--decisions", "nowhere")]
    public async Task A_wrong_call_ends_with_2(string message, params string[] arguments)
    {
        var run = await CommandRun.OfAsync(["replay", rules.Path, .. arguments]);

        run.ExitCode.ShouldBe(2, run.Output);
        run.Errors.ShouldContain(message);
    }

    [Fact]
    public async Task Findings_in_the_rules_end_it()
    {
        rules.Write("broken.cedar", "permit (");
        recorded.Write("decisions", "[]");

        (await ReplayAsync()).ExitCode.ShouldBe(1);
    }

    Task<CommandRun> ReplayAsync() => CommandRun.OfAsync(
        ["replay", rules.Path, "--decisions", recorded.At("decisions"), "--entities", recorded.At("entities")], recorded.Path);

    static string Decision(string subject, bool isAllowed, bool isWrapped = false, int year = 2026)
    {
        var effective = isAllowed
            ? """{"decision": true, "class": "allow", "obligations": []}"""
            : """{"decision": false, "class": "not_permitted", "obligations": []}""";
        var determining = isAllowed ? "[\"readers\"]" : "[]";
        var json = $$"""
            {"evaluation_id": "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001", "pep": {"id": "gate"}, "subject": {"type": "User", "id": "{{subject}}"},
             "action": {"name": "read"}, "resource": {"type": "Doc", "id": "plan"}, "entity_position": 0, "now": "{{year}}-06-01T12:00:00.000000Z",
             "raw": {"decision": {{(isAllowed ? "true" : "false")}}, "determining": {{determining}}, "errors": []}, "effective": {{effective}}}
            """.ReplaceLineEndings(" ");
        return isWrapped ? $$"""{"position": 7, "recorded_at": "2026-06-01T12:00:00.000000Z", "decision": {{json}}}""" : json;
    }

    /// <summary>Takes nothing before the call has returned, or ten seconds have passed.</summary>
    sealed class SlowWriter(ManualResetEventSlim returned) : StringWriter
    {
        public override Task WriteLineAsync(string? value)
        {
            returned.Wait(TimeSpan.FromSeconds(10));
            return base.WriteLineAsync(value);
        }
    }
}
