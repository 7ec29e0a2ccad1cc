namespace Stet.AuditLog.Tests;

[CollectionDefinition(nameof(OpenSslLeakSpecs), DisableParallelization = true)]
[Collection(nameof(OpenSslLeakSpecs))]
public class OpenSslLeakSpecs
{
    const int AllowedGrowth = 1 << 20;

    [Fact]
    public void Repeated_operations_keep_no_native_memory()
    {
        var ed25519 = Ed25519.Default;
        var seed = new byte[32];
        var key = ed25519.PublicKey(seed);
        var signature = ed25519.Sign(seed, []);
        Rounds(1_000);

        // A leak of a key or a context per operation, some hundred bytes each, shows in every round; other growth ends.
        Enumerable.Range(0, 5).Any(_ => GrowthOf(4_000) < AllowedGrowth).ShouldBeTrue();

        long GrowthOf(int rounds)
        {
            var before = Environment.WorkingSet;
            Rounds(rounds);
            return Environment.WorkingSet - before;
        }

        void Rounds(int count)
        {
            for (var i = 0; i < count; i++)
            {
                ed25519.Sign(seed, []);
                ed25519.Verify(key, [1], signature);
            }

            GC.Collect();
        }
    }
}
