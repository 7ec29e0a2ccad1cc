using System.Collections.Concurrent;
using System.IO.Compression;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

public class VerifyHttpSpecs
{
    static readonly TestLog Log = TestLog.OfSize(600);

    [Fact]
    public async Task A_served_log_is_verified()
    {
        await using var server = TestServer.Of(TestLog.OfSize(1300).Resources());

        var report = await VerifyAsync(server);

        (report.Outcome, report.Entries, report.Problem).ShouldBe((AuditOutcome.Verified, 1300, null));
    }

    [Fact]
    public async Task Only_the_widths_of_the_checkpoint_are_asked_for_and_the_full_tile_where_they_are_gone()
    {
        var resources = TestLog.OfSize(768).Resources();
        resources["tile/1/000.p/2"] = Log.Resources()["tile/1/000.p/2"];
        resources["checkpoint"] = System.Text.Encoding.UTF8.GetBytes(Log.Note());
        var asked = new List<string>();
        await using var server = new TestServer((path, _) =>
        {
            lock (asked) asked.Add(path["/v1/log/".Length..]);
            return resources.TryGetValue(path["/v1/log/".Length..], out var body) ? Response.Ok(body) : Response.NotFound;
        });

        (await VerifyAsync(server)).Outcome.ShouldBe(AuditOutcome.Verified);

        asked.ShouldBe(
            [
                "checkpoint", "tile/0/002.p/88", "tile/0/002", "tile/1/000.p/2", "tile/0/000", "tile/0/001",
                "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88", "tile/entries/002",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public async Task Headers_are_sent_and_compressed_answers_are_read()
    {
        var resources = Log.Resources();
        await using var server = new TestServer((path, headers) =>
        {
            if (!headers.Contains("X-Key: secret\n")) return new("401 Unauthorized", []);

            var body = new MemoryStream();
            using (var gzip = new GZipStream(body, CompressionLevel.Fastest)) gzip.Write(resources[path["/v1/log/".Length..]]);
            return new("200 OK", body.ToArray(), "Content-Encoding: gzip\r\n");
        });

        (await VerifyAsync(server, KeyValuePair.Create("X-Key", "secret"))).Outcome.ShouldBe(AuditOutcome.Verified);
        var report = await VerifyAsync(server);
        (report.Outcome, report.Problem).ShouldBe((AuditOutcome.Unavailable, "`checkpoint` answers 401: give a credential with --header."));
    }

    [Theory]
    [InlineData("403 Forbidden")]
    [InlineData("410 Gone")]
    [InlineData("500 Internal Server Error")]
    [InlineData("302 Found")]
    [InlineData("204 No Content")]
    public async Task Other_answers_mean_unavailable(string status)
    {
        await using var server = new TestServer((_, _) => new(status, [], "Location: http://127.0.0.1:1/\r\n"));

        var report = await VerifyAsync(server);

        report.Outcome.ShouldBe(AuditOutcome.Unavailable);
        report.Problem!.ShouldContain(status[..3]);
    }

    [Fact]
    public async Task What_passes_is_asked_again()
    {
        var resources = Log.Resources();
        var refused = 0;
        await using var server = new TestServer((path, _) => Interlocked.Increment(ref refused) <= 3
            ? new("503 Service Unavailable", [], "Retry-After: 0\r\n")
            : Response.Ok(resources[path["/v1/log/".Length..]]));

        (await VerifyAsync(server)).Outcome.ShouldBe(AuditOutcome.Verified);
    }

    [Fact]
    public async Task No_pause_is_longer_than_half_a_minute()
    {
        var asked = 0;
        await using var server = new TestServer((_, _) =>
            new("503 Service Unavailable", [], Interlocked.Increment(ref asked) == 1 ? "Retry-After: 20\r\n" : ""));
        var clock = new ImpatientClock();

        (await VerifyAsync(server, clock)).Outcome.ShouldBe(AuditOutcome.Unavailable);

        clock.Pauses.Select(p => p.TotalSeconds).ShouldBe([20, 30, 30, 30]);
    }

    [Fact]
    public async Task What_does_not_pass_is_unavailable()
    {
        await using var server = new TestServer((_, _) => new("429 Too Many Requests", [], "Retry-After: 0\r\n"));

        (await VerifyAsync(server)).Problem.ShouldBe("`checkpoint` answers 429 instead of 200.");
    }

    [Fact]
    public async Task What_a_problem_document_says_is_passed_on_and_each_wait_is_told()
    {
        await using var server = new TestServer((_, _) => new(
            "503 Service Unavailable", """{"status":503,"code":"audit_signing_refused","detail":"the log is\u001b[31m frozen."}"""u8.ToArray(),
            "Retry-After: 60\r\nContent-Type: application/problem+json\r\n"));
        var waits = new Waits();
        using var source = AuditLogSource.FromHttp(HttpSource.CreateClient([]), server.Url, new ImpatientClock(), waits);

        var report = await new AuditVerifier(source, Verify.Trust, TimeProvider.System).VerifyAsync(new());

        report.Problem.ShouldBe("`checkpoint` answers 503 instead of 200: audit_signing_refused: the log is\uFFFD[31m frozen.");
        waits.ShouldBe(Enumerable.Repeat("`checkpoint` answers 503 instead of 200: audit_signing_refused: the log is\uFFFD[31m frozen; waiting 30 s", 4));
    }

    [Theory]
    [InlineData("application/json", """{"code":"x"}""")]
    [InlineData("application/problem+json", "[]")]
    [InlineData("application/problem+json", "{")]
    [InlineData("application/problem+json", """{"code":7}""")]
    public async Task What_is_no_problem_document_adds_nothing(string type, string body)
    {
        await using var server = new TestServer((_, _) =>
            new("500 Internal Server Error", System.Text.Encoding.UTF8.GetBytes(body), $"Content-Type: {type}\r\n"));

        (await VerifyAsync(server)).Problem.ShouldBe("`checkpoint` answers 500 instead of 200.");
    }

    [Fact]
    public async Task Answers_that_break_off_and_servers_that_are_gone_are_unavailable()
    {
        var server = new TestServer((_, _) => new("200 OK", [1, 2, 3], Promised: 10));
        var broken = await VerifyAsync(server);
        await server.DisposeAsync();
        var gone = await VerifyAsync(server);

        broken.Outcome.ShouldBe(AuditOutcome.Unavailable);
        gone.Outcome.ShouldBe(AuditOutcome.Unavailable);
    }

    [Fact]
    public async Task An_answer_that_is_not_compressed_as_it_says_is_unavailable()
    {
        await using var ok = new TestServer((_, _) => new("200 OK", [1, 2, 3], "Content-Encoding: gzip\r\n"));
        await using var failed = new TestServer((_, _) => new(
            "500 Internal Server Error", [1, 2, 3], "Content-Encoding: gzip\r\nContent-Type: application/problem+json\r\n"));

        var (damaged, unexplained) = (await VerifyAsync(ok), await VerifyAsync(failed));

        damaged.Outcome.ShouldBe(AuditOutcome.Unavailable);
        damaged.Problem.ShouldNotBeNull().ShouldStartWith("`checkpoint` cannot be fetched: the compressed answer is damaged");
        (unexplained.Outcome, unexplained.Problem).ShouldBe((AuditOutcome.Unavailable, "`checkpoint` answers 500 instead of 200."));
    }

    [Fact]
    public async Task An_endless_answer_is_malformed()
    {
        await using var server = new TestServer((_, _) => Response.Ok(new byte[(1 << 20) + 1]));

        (await VerifyAsync(server)).Outcome.ShouldBe(AuditOutcome.Malformed);
    }

    sealed class Waits : List<string>, IProgress<string>
    {
        public void Report(string value) => Add(value);
    }

    /// <summary>Waits for nothing, so that tries follow each other at once.</summary>
    static Task<AuditReport> VerifyAsync(TestServer server, params KeyValuePair<string, string>[] headers) =>
        VerifyAsync(server, new ImpatientClock(), headers);

    static async Task<AuditReport> VerifyAsync(TestServer server, ImpatientClock clock, params KeyValuePair<string, string>[] headers)
    {
        using var source = AuditLogSource.FromHttp(HttpSource.CreateClient(headers), server.Url, clock);
        return await new AuditVerifier(source, Verify.Trust, TimeProvider.System).VerifyAsync(new());
    }
}

/// <summary>Every timer is due at once.</summary>
sealed class ImpatientClock : TimeProvider
{
    /// <summary>For how long was to be waited.</summary>
    public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Pauses.Enqueue(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
