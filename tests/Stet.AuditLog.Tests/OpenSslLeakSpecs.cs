namespace Stet.AuditLog.Tests;

[CollectionDefinition(nameof(OpenSslLeakSpecs), DisableParallelization = true)]
[Collection(nameof(OpenSslLeakSpecs))]
public class OpenSslLeakSpecs
{
    [Fact]
    public void Repeated_operations_keep_no_native_memory()
    {
        var ed25519 = Ed25519.Default;
        var seed = new byte[32];
        var key = ed25519.PublicKey(seed);
        var signature = ed25519.Sign(seed, []);
        Rounds(1_000);

        // A leak of one key or context per operation, some hundred bytes each, shows in every round; other growth does not.
        var growth = Enumerable.Range(0, 4).Min(_ =>
        {
            var before = Environment.WorkingSet;
            Rounds(3_000);
            return Environment.WorkingSet - before;
        });

        growth.ShouldBeLessThan(1_000_000);

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
