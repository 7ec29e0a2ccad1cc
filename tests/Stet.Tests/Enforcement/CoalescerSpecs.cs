using Stet.Enforcement;

namespace Stet.Tests.Enforcement;

public class CoalescerSpecs
{
    readonly Queue<TaskCompletionSource<int>> runs = new();
    readonly Coalescer<string, int> coalescer;

    public CoalescerSpecs() => coalescer = new(_ =>
    {
        var run = new TaskCompletionSource<int>();
        runs.Enqueue(run);
        return run.Task;
    });

    [Fact]
    public async Task Who_comes_first_starts_a_run()
    {
        var first = Ask();

        runs.Dequeue().SetResult(1);

        (await first).ShouldBe(1);
        runs.ShouldBeEmpty();
    }

    [Fact]
    public async Task Those_who_come_during_a_run_share_the_next_and_never_get_the_one_under_way()
    {
        var first = Ask();
        var (second, third) = (Ask(), Ask());
        runs.Count.ShouldBe(1);

        runs.Dequeue().SetResult(1);
        (await first).ShouldBe(1);
        second.IsCompleted.ShouldBeFalse();
        runs.Dequeue().SetResult(2);

        (await second).ShouldBe(2);
        (await third).ShouldBe(2);
        runs.ShouldBeEmpty();
    }

    [Fact]
    public async Task After_the_last_waiter_the_next_caller_starts_afresh()
    {
        var first = Ask();
        runs.Dequeue().SetResult(1);
        await first;

        var second = Ask();
        runs.Dequeue().SetResult(2);

        (await second).ShouldBe(2);
    }

    [Fact]
    public async Task Keys_do_not_wait_for_each_other()
    {
        var slow = Ask("slow");
        _ = runs.Dequeue();

        var quick = Ask("quick");
        runs.Dequeue().SetResult(2);

        (await quick).ShouldBe(2);
        slow.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_run_that_fails_fails_those_who_shared_it_and_nobody_else()
    {
        var first = Ask();
        var second = Ask();

        runs.Dequeue().SetException(new InvalidDataException("broken"));
        runs.Dequeue().SetResult(2);

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
        runs.Dequeue().SetResult(1);
        runs.Dequeue().SetResult(2);

        await first.ShouldThrowAsync<OperationCanceledException>();
        (await second).ShouldBe(2);
    }

    Task<int> Ask(string key = "key") => coalescer.RunAsync(key, CancellationToken.None);
}
