namespace Stet.AuditLog.Tests;

/// <summary><c>STET_LEAKS</c> says how many calls: 200,000 by default, 1000000 for the long form.</summary>
[CollectionDefinition(nameof(OpenSslLeakSpecs), DisableParallelization = true)]
[Collection(nameof(OpenSslLeakSpecs))]
public class OpenSslLeakSpecs
{
    const int Threads = 2;
    const int Kinds = 4;

    // Of each kind of call there are 50,000: a hundred bytes that one of them leaves would come to 5 MB.
    const int AllowedGrowth = 4 << 20;

    static readonly int Calls = int.Parse(Environment.GetEnvironmentVariable("STET_LEAKS") ?? "200000");

    [Fact]
    public void Hundreds_of_thousands_of_calls_on_two_threads_leave_less_than_a_hundred_bytes_each_in_native_memory()
    {
        var ed25519 = Ed25519.Default;
        var seed = new byte[32];
        var key = ed25519.PublicKey(seed);
        var signature = ed25519.Sign(seed, []);
        using var open = ed25519.Open(seed);
        Make(Calls / 10);

        // What leaks does so every time; the runtime and the allocator grow by leaps.
        Enumerable.Range(0, 3).Select(_ => GrowthOf(Calls)).Any(growth => growth < AllowedGrowth).ShouldBeTrue();

        long GrowthOf(int calls)
        {
            var before = Environment.WorkingSet;
            Make(calls);
            return Environment.WorkingSet - before;
        }

        void Make(int calls)
        {
            Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, _ =>
            {
                for (var i = 0; i < calls / Threads / Kinds; i++)
                {
                    ed25519.PublicKey(seed);
                    ed25519.Open(seed).Dispose();
                    open.Sign([1]);
                    ed25519.Verify(key, [1], signature);

                    // Keeps the managed heap from growing meanwhile.
                    if (i % 1_000 == 0) GC.Collect();
                }
            });
            GC.Collect();
        }
    }
}
