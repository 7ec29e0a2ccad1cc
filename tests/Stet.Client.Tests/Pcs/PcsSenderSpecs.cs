using System.Globalization;
using System.Text.Json;
using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;
using static Stet.Client.Tests.Pcs.Outboxes;
using static Stet.Client.Tests.Pcs.Scripted;

namespace Stet.Client.Tests.Pcs;

public class PcsSenderSpecs
{
    [Fact]
    public async Task The_stored_bytes_are_sent_again_on_the_schedule()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var stored = outbox.NextPending([])!.Value.Document;
        var clock = new HastyClock();
        var service = new Scripted(number => number < 6 ? Answer(503) : Accepted());

        (await service.Sender(outbox, clock).DrainAsync(null, CancellationToken.None)).ShouldBeTrue();

        service.Bodies.Count.ShouldBe(6);
        service.Bodies.ShouldAllBe(body => body.SequenceEqual(stored));
        var planned = (double[])[1, 2, 4, 8, 16];
        clock.Delays.Count.ShouldBe(5);
        foreach (var (delay, plan) in clock.Delays.Zip(planned)) delay.TotalSeconds.ShouldBeInRange(plan / 2, plan * 1.5);
    }

    [Theory]
    [InlineData(408, "{}")]
    [InlineData(500, "{}")]
    [InlineData(502, "{}")]
    [InlineData(200, "OK")]
    [InlineData(202, "[1]")]
    [InlineData(200, """{"pcs_id":"0000000000000000000000000000000000000000000000000000000000000000"}""")]
    [InlineData(301, "{}")]
    [InlineData(204, "")]
    public async Task A_document_that_never_gets_a_verdict_is_dead_after_five_retries(int status, string body)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var service = new Scripted(_ => Answer(status, body));

        (await service.Sender(outbox, new HastyClock()).DrainAsync(null, CancellationToken.None)).ShouldBeTrue();

        service.Bodies.Count.ShouldBe(6);
        var entry = Listed(outbox).ShouldHaveSingleItem();
        (entry.State, entry.Code, entry.Status, entry.Attempts).ShouldBe((OutboxState.Dead, "retries_exhausted", status, 6));
    }

    [Theory]
    [InlineData(503)]
    [InlineData(0)]
    public async Task What_a_service_out_of_order_answered_does_not_count_against_the_document(int status)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var service = new Scripted(number => number switch
        {
            <= 5 => status == 0 ? throw new HttpRequestException("refused") : Answer(status),
            6 => Answer(502, "<html>"),
            _ => Accepted(),
        });

        (await service.Sender(outbox, new HastyClock()).DrainAsync(null, CancellationToken.None)).ShouldBeTrue();

        service.Bodies.Count.ShouldBe(7);
        outbox.Counts.Acked.ShouldBe(1);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(0)]
    public async Task A_service_out_of_order_is_not_the_documents_fault(int status)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var told = new Told<Delivery>();
        var service = new Scripted(_ => status == 0 ? throw new HttpRequestException("refused") : Answer(status));

        (await service.Sender(outbox, new HastyClock()).DrainAsync(told, CancellationToken.None)).ShouldBeFalse();

        service.Bodies.Count.ShouldBe(6);
        outbox.Counts.Pending.ShouldBe(1);
        told.All.Count(d => d is { State: OutboxState.Pending, RetryIn: not null }).ShouldBe(5);
        told.All[^1].RetryIn.ShouldBeNull();
    }

    [Fact]
    public async Task An_answer_that_takes_longer_than_thirty_seconds_is_none()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var told = new Told<Delivery>();
        var service = new Scripted(async (_, _, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return Accepted();
        });

        (await service.Sender(outbox, new HastyClock(losesPatience: true)).DrainAsync(told, CancellationToken.None)).ShouldBeFalse();

        outbox.Counts.Pending.ShouldBe(1);
        told.All[0].Detail!.ShouldContain("30 seconds");
    }

    [Theory]
    [InlineData("120", 120.0)]
    [InlineData("Mon, 02 Mar 2026 09:10:00 GMT", 600.0)]
    [InlineData("Mon, 02 Mar 2026 08:00:00 GMT", null)]
    [InlineData("86400", 3600.0)]
    [InlineData("2147483648", 3600.0)]
    [InlineData("99999999999999999999", 3600.0)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    public async Task Retry_After_is_obeyed_up_to_an_hour(string retryAfter, double? seconds)
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var clock = new HastyClock();
        var service = new Scripted(number => number == 1 ? Answer(429, retryAfter: retryAfter) : Accepted());

        (await service.Sender(outbox, clock).DrainAsync(null, CancellationToken.None)).ShouldBeTrue();

        var waited = clock.Delays.ShouldHaveSingleItem().TotalSeconds;
        if (seconds is null) waited.ShouldBeInRange(0.5, 1.5);
        else waited.ShouldBe(seconds.Value);
    }

    [Fact]
    public async Task No_document_is_sent_before_the_time_that_the_service_named_for_one_of_them()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 10);
        var told = new Told<Delivery>();
        var (asked, early) = (0L, 0);
        var service = new Scripted(async (number, _, cancel) =>
        {
            if (number == 1)
            {
                Volatile.Write(ref asked, TimeProvider.System.GetTimestamp());
                return Answer(429, retryAfter: "1");
            }

            if (number > 8 && TimeProvider.System.GetElapsedTime(Volatile.Read(ref asked)) < TimeSpan.FromSeconds(1)) Interlocked.Increment(ref early);
            // The other lanes are free for the next documents once the first one waits.
            while (told.All.Count == 0) await Task.Delay(5, cancel);
            return Accepted();
        });

        var sender = new PcsSender(outbox, service.Endpoint(TimeProvider.System), TimeProvider.System, new Longest());
        (await sender.DrainAsync(told, CancellationToken.None)).ShouldBeTrue();

        told.All[0].RetryIn!.Value.TotalSeconds.ShouldBeGreaterThan(1);
        service.Bodies.Count.ShouldBe(11);
        early.ShouldBe(0);
    }

    [Fact]
    public async Task While_the_service_is_out_of_order_the_oldest_document_asks_every_minute_and_then_all_go()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 12);
        var clock = new HastyClock();
        using var stop = new CancellationTokenSource();
        var isUp = false;
        var probes = 0;
        var service = new Scripted((_, body, _) =>
        {
            // The first eight give up after six attempts each; from then on there are probes only.
            if (Volatile.Read(ref isUp)) return Task.FromResult(Accepted());
            if (clock.Delays.Any(d => d >= TimeSpan.FromSeconds(30)) && ++probes == 3) Volatile.Write(ref isUp, true);
            return Task.FromException<HttpResponseMessage>(new HttpRequestException("refused"));
        });
        var told = new Told<Delivery>();

        var running = service.Sender(outbox, clock).RunAsync(told, stop.Token);
        while (outbox.Counts.Pending > 0 && !running.IsCompleted) await Task.Delay(10);
        await stop.CancelAsync();
        await running;

        outbox.Counts.Acked.ShouldBe(12);
        var asked = clock.Delays.Where(d => d >= TimeSpan.FromSeconds(30)).ToList();
        asked.Count.ShouldBe(4);
        asked.ShouldAllBe(d => d >= TimeSpan.FromSeconds(30) && d <= TimeSpan.FromSeconds(90));
        told.All.First(d => d.State == OutboxState.Acked).Seq.ShouldBe(1);
    }

    [Fact]
    public async Task Eight_documents_are_under_way_at_most_oldest_first()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 40);
        var (now, most) = (0, 0);
        var service = new Scripted(async (_, _, cancel) =>
        {
            var count = Interlocked.Increment(ref now);
            lock (folder) most = Math.Max(most, count);
            await Task.Delay(5, cancel);
            Interlocked.Decrement(ref now);
            return Accepted();
        });

        (await service.Sender(outbox, TimeProvider.System).DrainAsync(null, CancellationToken.None)).ShouldBeTrue();

        most.ShouldBeInRange(2, 8);
        service.Seqs.Order().ShouldBe(Enumerable.Range(1, 40).Select(i => (long)i));
        foreach (var (seq, place) in service.Seqs.Select((seq, place) => (seq, place))) Math.Abs(seq - 1 - place).ShouldBeLessThan(16);
    }

    [Fact]
    public async Task Documents_put_in_while_it_runs_are_delivered()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 0);
        var service = new Scripted(_ => Accepted());
        using var stop = new CancellationTokenSource();
        var running = service.Sender(outbox, TimeProvider.System).RunAsync(null, stop.Token);

        for (var epoch = 0; epoch < 5; epoch++) await outbox.EnqueueAsync(Documents.Of(epoch));
        while (outbox.Counts.Pending > 0 && !running.IsCompleted) await Task.Delay(10);
        await stop.CancelAsync();
        await running;

        service.Seqs.Order().ShouldBe([1L, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task A_request_under_way_gets_its_answer_when_the_sender_stops()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        using var stop = new CancellationTokenSource();
        var service = new Scripted(async (_, _, _) =>
        {
            await stop.CancelAsync();
            await Task.Delay(50, CancellationToken.None);
            return Accepted();
        });

        await service.Sender(outbox, TimeProvider.System).RunAsync(null, stop.Token);

        outbox.Counts.Acked.ShouldBe(1);
    }

    [Fact]
    public async Task A_sender_that_waits_to_try_again_stops_at_once()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        using var stop = new CancellationTokenSource();
        var service = new Scripted(_ => Answer(503, retryAfter: "3600"));
        var told = new Told<Delivery>();
        var running = service.Sender(outbox, new StillClock()).RunAsync(told, stop.Token);
        while (told.All.Count == 0 && !running.IsCompleted) await Task.Delay(5);

        await stop.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20));

        outbox.Counts.Pending.ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_kept_ends_the_sender()
    {
        using var folder = new TestFolder();
        var outbox = await WithAsync(folder, documents: 1);
        var service = new Scripted(async (_, _, _) =>
        {
            await outbox.DisposeAsync();
            return Accepted();
        });

        await Should.ThrowAsync<ObjectDisposedException>(() => service.Sender(outbox, new HastyClock()).DrainAsync(null, CancellationToken.None));

        await using var again = Outbox.Open(folder.At("outbox"), TimeProvider.System);
        again.Counts.Pending.ShouldBe(1);
    }

    [Fact]
    public async Task The_difference_to_the_services_clock_comes_from_its_last_answer()
    {
        using var folder = new TestFolder();
        await using var outbox = await WithAsync(folder, documents: 1);
        var clock = new HastyClock();
        var service = new Scripted(_ =>
        {
            var answer = Accepted();
            answer.Headers.Date = DateTimeOffset.Parse("2026-03-02T08:59:30Z", CultureInfo.InvariantCulture);
            return answer;
        });
        var endpoint = service.Endpoint(clock);
        endpoint.ClockSkew.ShouldBe(TimeSpan.Zero);

        await new PcsSender(outbox, endpoint, clock, new Random(1)).DrainAsync(null, CancellationToken.None);

        endpoint.ClockSkew.ShouldBe(TimeSpan.FromSeconds(30));
        var next = PcsSigningKey.Number(Documents.Of(2), 2, endpoint.ClockSkew, key: null);
        JsonDocument.Parse(next).RootElement.GetProperty("ft").GetProperty("clock_skew_ms").GetInt64().ShouldBe(30_000);
    }

    /// <summary>Draws the longest pauses.</summary>
    sealed class Longest : Random
    {
        public override double NextDouble() => 0.999;
    }
}
