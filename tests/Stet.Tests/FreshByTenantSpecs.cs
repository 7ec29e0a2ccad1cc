namespace Stet.Tests;

public class FreshByTenantSpecs
{
    [Fact]
    public async Task What_was_being_read_when_it_was_forgotten_is_read_again()
    {
        var versions = new Queue<TaskCompletionSource<string?>>([new(), new()]);
        var (before, after) = (versions.First(), versions.Last());
        var asked = new SemaphoreSlim(0);
        var settings = new FreshByTenant<string>(
            (_, _) =>
            {
                var read = versions.Dequeue().Task;
                asked.Release();
                return read;
            },
            version => version.Length);

        var underWay = settings.GetAsync("tenant", default).AsTask();
        await asked.WaitAsync();
        settings.Forget("tenant");
        before.SetResult("1");
        (await underWay).ShouldBe("1");

        after.SetResult("22");
        (await settings.GetAsync("tenant", default)).ShouldBe("22");
        (await settings.GetAsync("tenant", default)).ShouldBe("22");
    }

    [Fact]
    public async Task An_older_version_never_takes_the_place_of_a_newer_one()
    {
        var slow = new TaskCompletionSource<string?>();
        var asked = new SemaphoreSlim(0);
        var reads = 0;
        var settings = new FreshByTenant<string>(
            (_, _) =>
            {
                asked.Release();
                return Interlocked.Increment(ref reads) == 1 ? slow.Task : Task.FromResult<string?>("22");
            },
            version => version.Length);

        var underWay = settings.GetAsync("tenant", default).AsTask();
        await asked.WaitAsync();
        settings.Forget("tenant");
        (await settings.GetAsync("tenant", default)).ShouldBe("22");
        slow.SetResult("1");
        await underWay;

        (await settings.GetAsync("tenant", default)).ShouldBe("22");
        reads.ShouldBe(2);
    }
}
