using System.Collections.Concurrent;

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
            version => version.Length, () => 1);

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
                var read = Interlocked.Increment(ref reads) == 1 ? slow.Task : Task.FromResult<string?>("22");
                asked.Release();
                return read;
            },
            version => version.Length, () => 1);

        var underWay = settings.GetAsync("tenant", default).AsTask();
        await asked.WaitAsync();
        settings.Forget("tenant");
        (await settings.GetAsync("tenant", default)).ShouldBe("22");
        slow.SetResult("1");
        await underWay;

        (await settings.GetAsync("tenant", default)).ShouldBe("22");
        reads.ShouldBe(2);
    }

    [Fact]
    public async Task What_is_asked_for_again_is_read_again_however_new_it_is()
    {
        var reads = 0;
        var settings = new FreshByTenant<string>(
            (_, _) => Task.FromResult<string?>(new string('x', Interlocked.Increment(ref reads))), version => version.Length, () => 1);

        (await settings.GetAsync("tenant", default)).ShouldBe("x");
        (await settings.AgainAsync("tenant", default)).ShouldBe("xx");
        (await settings.GetAsync("tenant", default)).ShouldBe("xx");
    }

    [Fact]
    public async Task Whoever_asks_again_while_that_is_being_read_gets_a_later_read()
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
            version => version.Length, () => 1);

        var first = settings.AgainAsync("tenant", default);
        await asked.WaitAsync();
        var second = settings.AgainAsync("tenant", default);
        before.SetResult("1");
        after.SetResult("22");

        (await first, await second).ShouldBe(("1", "22"));
    }

    [Fact]
    public async Task Of_names_that_could_not_be_read_none_is_kept_but_those_that_were_known()
    {
        var isAway = false;
        var settings = new FreshByTenant<string>(
            (_, _) => isAway ? throw new IOException() : Task.FromResult<string?>("1"), version => version.Length, () => 1);
        await settings.GetAsync("tenant", default);

        isAway = true;
        for (var n = 0; n < 100; n++)
        {
            await Should.ThrowAsync<IOException>(async () => await settings.GetAsync($"name {n}", default));
            await Should.ThrowAsync<IOException>(() => settings.AgainAsync($"other {n}", default));
        }

        await Should.ThrowAsync<IOException>(() => settings.AgainAsync("tenant", default));
        settings.Count.ShouldBe(1);
    }

    [Fact]
    public async Task However_many_ask_again_there_is_one_read_of_a_tenant_in_100_ms()
    {
        var reads = new ConcurrentDictionary<string, int>();
        var settings = new FreshByTenant<string>(
            (tenant, _) => Task.FromResult<string?>($"{reads.AddOrUpdate(tenant, 1, (_, count) => count + 1)}"), _ => 1, () => 1);

        var began = Environment.TickCount64;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(n => Task.Run(async () =>
        {
            while (Environment.TickCount64 - began < 450) await settings.AgainAsync($"tenant {n % 2}", default);
        })));
        var took = Environment.TickCount64 - began;

        reads.Count.ShouldBe(2);
        foreach (var count in reads.Values) count.ShouldBeInRange(2, 1 + (int)(took / 100));
    }
}
