using System.Threading.Channels;
namespace Stet.Tests;

public class CoalescerSpecs
{
    readonly Channel<TaskCompletionSource<int>> runs = Channel.CreateUnbounded<TaskCompletionSource<int>>();
    readonly Coalescer<string, int> coalescer;

    public CoalescerSpecs() => coalescer = new(_ =>
    {
        var run = new TaskCompletionSource<int>();
        runs.Writer.TryWrite(run);
        return run.Task;
    });

    [Fact]
    public async Task Who_comes_first_starts_a_run()
    {
        var first = Ask();

        (await RunAsync()).SetResult(1);

        (await first).ShouldBe(1);
        NoFurtherRun();
    }

    [Fact]
    public async Task Those_who_come_during_a_run_share_the_next_and_never_get_the_one_under_way()
    {
        var first = Ask();
        var (second, third) = (Ask(), Ask());
        var run = await RunAsync();
        NoFurtherRun();

        run.SetResult(1);
        (await first).ShouldBe(1);
        second.IsCompleted.ShouldBeFalse();
        (await RunAsync()).SetResult(2);

        (await second).ShouldBe(2);
        (await third).ShouldBe(2);
        NoFurtherRun();
    }

    [Fact]
    public async Task After_the_last_waiter_the_next_caller_starts_afresh()
    {
        var first = Ask();
        (await RunAsync()).SetResult(1);
        await first;

        var second = Ask();
        (await RunAsync()).SetResult(2);

        (await second).ShouldBe(2);
    }

    [Fact]
    public async Task Keys_do_not_wait_for_each_other()
    {
        var slow = Ask("slow");
        await RunAsync();

        var quick = Ask("quick");
        (await RunAsync()).SetResult(2);

        (await quick).ShouldBe(2);
        slow.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_run_that_fails_fails_those_who_shared_it_and_nobody_else()
    {
        var first = Ask();
        var second = Ask();

        (await RunAsync()).SetException(new InvalidDataException("broken"));
        (await RunAsync()).SetResult(2);

        (await first.ShouldThrowAsync<InvalidDataException>()).Message.ShouldBe("broken");
        (await second).ShouldBe(2);
    }

    [Fact]
    public async Task A_run_that_throws_at_once_fails_its_caller()
    {
        var broken = new Coalescer<string, int>(_ => throw new InvalidDataException("broken"));

        await broken.RunAsync("key", CancellationToken.None).ShouldThrowAsync<InvalidDataException>();
        await broken.RunAsync("key", CancellationToken.None).ShouldThrowAsync<InvalidDataException>();
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_run_to_the_others()
    {
        using var impatient = new CancellationTokenSource();
        var first = coalescer.RunAsync("key", impatient.Token);
        var second = Ask();

        await impatient.CancelAsync();
        (await RunAsync()).SetResult(1);
        (await RunAsync()).SetResult(2);

        await first.ShouldThrowAsync<OperationCanceledException>();
        (await second).ShouldBe(2);
    }

    /// <summary>The next run, once it has started.</summary>
    ValueTask<TaskCompletionSource<int>> RunAsync() => runs.Reader.ReadAsync();

    void NoFurtherRun() => runs.Reader.TryRead(out _).ShouldBeFalse();

    Task<int> Ask(string key = "key") => coalescer.RunAsync(key, CancellationToken.None);
}
