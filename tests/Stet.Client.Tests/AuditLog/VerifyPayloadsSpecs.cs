using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

public class VerifyPayloadsSpecs
{
    static readonly TestLog Log = TestLog.OfSize(600);
    static readonly string Lines = Log.PayloadLines();
    static readonly string Third = TestLog.PayloadLine(2);

    [Fact]
    public async Task Payloads_are_recomputed_to_what_the_entries_commit_to()
    {
        var report = await With(Lines);

        (report.Outcome, report.PayloadsIntact, report.PayloadsErased).ShouldBe((AuditOutcome.Verified, 600, 0));
    }

    [Fact]
    public async Task A_payload_may_be_as_large_as_the_largest_event()
    {
        var report = await With(Lines.Replace(Third, $"{{{new string(' ', 9_000_000)}{Third[1..]}"));

        (report.Outcome, report.PayloadsIntact).ShouldBe((AuditOutcome.Verified, 600));
    }

    [Fact]
    public async Task Escapes_in_a_salt_are_another_spelling_of_the_same()
    {
        var report = await With(Lines.Replace("/", "\\/").Replace("+", "\\u002B"));

        report.PayloadsIntact.ShouldBe(600);
    }

    [Fact]
    public async Task Erased_payloads_are_counted()
    {
        var report = await With(Lines.Replace(Third, Erased(Third)), Log.With(450, TestLog.Entry(450, "subject_erased")));

        (report.Outcome, report.PayloadsIntact, report.PayloadsErased).ShouldBe((AuditOutcome.Verified, 599, 1));
    }

    [Fact]
    public async Task A_payload_that_is_said_to_be_erased_is_refuted_without_a_later_erasure()
    {
        var none = await With(Lines.Replace(Third, Erased(Third)));
        var earlier = await With(Lines.Replace(Third, Erased(Third)), Log.With(1, TestLog.Entry(1, "subject_erased")));
        var itself = await With(Lines.Replace(Third, Erased(Third)), Log.With(2, TestLog.Entry(2, "subject_erased")));

        foreach (var report in new[] { none, earlier, itself })
        {
            (report.Outcome, report.Problem).ShouldBe(
                (AuditOutcome.Refuted, "Position 3: The payload is said to be erased, and no later entry is an erasure."));
        }
    }

    [Theory]
    [InlineData("\"n\": 2.50", "\"n\": 2.51", "is not the one that its entry commits to")]
    [InlineData("INTACT", "ALTERED", "as the log itself says")]
    [InlineData("INTACT", "MISSING", "as the log itself says")]
    [InlineData("-000000000002", "-000000000003", "names another event than its entry")]
    public async Task Another_payload_is_refuted_by_its_position(string part, string instead, string problem)
    {
        var report = await With(Lines.Replace(Third, Third.Replace(part, instead)));

        report.Outcome.ShouldBe(AuditOutcome.Refuted);
        report.Problem!.ShouldStartWith("Position 3: ");
        report.Problem!.ShouldContain(problem);
    }

    [Theory]
    [InlineData("INTACT", "intact", "none of INTACT")]
    [InlineData("INTACT", "ERASED", "yet has a salt or data")]
    [InlineData("\"position\":3", "\"position\":2", "position 2 where only 3 of 600")]
    [InlineData("\"position\":3", "\"position\":3.0", "`position`")]
    [InlineData("\"position\":3", "\"position\":\"3\"", "`position`")]
    [InlineData("\"data\"", "\"date\"", "no `data`")]
    [InlineData("\"n\": 2.50", "\"n\": 1e999", "no double carries exactly")]
    [InlineData("\"n\": 2.50", "\"a\": 2.50", "member twice")]
    [InlineData("\"state\":\"INTACT\"", "\"state\":\"INTACT\",\"state\":\"INTACT\"", "member twice")]
    [InlineData("\"state\":\"INTACT\"", "\"state\":\"\\ud800\"", "not valid Unicode")]
    [InlineData("\"state\":\"INTACT\"", "\"state\":null", "not a string")]
    [InlineData("\"id\":\"", "\"id\":\"\\ud800", "`id`")]
    [InlineData("\"id\":\"", "\"id\":7,\"x\":\"", "`id`")]
    [InlineData("{\"position\"", "{\"\\ud800zzzzzz\":1,\"position\"", "valid Unicode")]
    [InlineData("\"salt\":\"", "\"salt\":\"AA", "base64 of 32 bytes")]
    [InlineData("\"salt\":\"", "\"salt\":\"\\u000a", "base64 of 32 bytes")]
    [InlineData("\"salt\":\"", "\"salt\":7,\"x\":\"", "base64 of 32 bytes")]
    [InlineData("{\"position\"", "[\"position\"", "not JSON")]
    public async Task A_malformed_line_is_named_by_its_position(string part, string instead, string problem)
    {
        var report = await With(Lines.Replace(Third, Third.Replace(part, instead)));

        report.Outcome.ShouldBe(AuditOutcome.Malformed);
        report.Problem!.ShouldStartWith("Position 3: ");
        report.Problem!.ShouldContain(problem);
    }

    [Fact]
    public async Task A_payload_that_is_left_out_is_missing()
    {
        var gap = await With(Lines.Replace(Third, ""));
        var tail = await With(Lines.Replace(TestLog.PayloadLine(599), ""));

        (gap.Outcome, gap.Problem).ShouldBe((AuditOutcome.Refuted, "Position 3: The payload is missing."));
        (tail.Outcome, tail.Problem).ShouldBe((AuditOutcome.Refuted, "The payload at position 600 is missing."));
    }

    [Fact]
    public async Task Lines_that_do_not_belong_to_the_log_are_malformed()
    {
        (await With(Lines + TestLog.PayloadLine(600))).Outcome.ShouldBe(AuditOutcome.Malformed);
        (await With(Lines[..^1])).Outcome.ShouldBe(AuditOutcome.Malformed);
        (await With(Lines + "\n")).Outcome.ShouldBe(AuditOutcome.Malformed);
        (await With(new string(' ', 5 << 20))).Outcome.ShouldBe(AuditOutcome.Malformed);
    }

    [Fact]
    public async Task Of_several_findings_the_first_is_named()
    {
        var report = await With(Lines.Replace("499.50", "1").Replace("99.50", "1"));

        report.Problem.ShouldBe("Position 100: The payload is not the one that its entry commits to.");
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_a_usage_error()
    {
        using var folder = new TestFolder().Export(Log);

        (await Verify.FolderAsync(folder, new() { PayloadsFile = folder.At("none") })).Outcome.ShouldBe(AuditOutcome.Usage);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(7)]
    public async Task A_log_that_is_signed_for_more_than_it_has_is_not_made_room_for(int level)
    {
        var body = $"{TestLog.Origin}\n{1L << (8 * level)}\n{Convert.ToBase64String(Log.Root)}\n";
        using var folder = new TestFolder();
        folder.Write("checkpoint", $"{body}\n{Log.Key.Line(body)}");
        folder.Write($"tile/{level}/000.p/1", Log.Root);

        var report = await Verify.FolderAsync(folder, new() { PayloadsFile = folder.Write("payloads.ndjson", Lines) });

        (report.Outcome, report.Entries).ShouldBe((AuditOutcome.Unavailable, 0));
    }

    static string Erased(string line) => line[..line.IndexOf("\"state\"", StringComparison.Ordinal)] + """
        "state":"ERASED","salt":null,"data":null}

        """;

    static async Task<AuditReport> With(string payloads, TestLog? log = null)
    {
        using var folder = new TestFolder().Export(log ?? Log);
        return await Verify.FolderAsync(folder, new() { PayloadsFile = folder.Write("payloads.ndjson", payloads) });
    }
}
