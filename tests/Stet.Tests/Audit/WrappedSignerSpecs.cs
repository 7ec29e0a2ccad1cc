using System.Security.Cryptography;
using Stet.Audit;
using Stet.AuditLog;

namespace Stet.Tests.Audit;

public sealed class WrappedSignerSpecs : IDisposable
{
    const string Tenant = "11111111-1111-4111-8111-111111111111";

    static readonly InstallationKeys installation = InstallationKeys.Load(Convert.ToBase64String(SHA256.HashData("kek"u8)), "none");
    static readonly byte[] message = "a checkpoint"u8.ToArray();

    readonly WrappedSigner signer = new(installation);

    public void Dispose() => signer.Dispose();

    [Fact]
    public async Task More_keys_than_stay_in_memory_sign_at_once_and_each_for_itself()
    {
        var keys = await Task.WhenAll(Enumerable.Range(0, 1_100).Select(_ => KeyAsync()));

        await Parallel.ForEachAsync(keys.Concat(keys), async (key, cancel) =>
        {
            var signature = await signer.SignAsync(Tenant, key, message, cancel);
            Ed25519.Default.Verify(key.Verifier.PublicKey, message, signature).ShouldBeTrue();
        });
    }

    [Fact]
    public async Task A_key_whose_row_was_altered_is_refused_although_it_has_signed_before()
    {
        var key = await KeyAsync();
        await signer.SignAsync(Tenant, key, message, CancellationToken.None);
        byte[] altered = [.. key.Wrapped[..^1], (byte)(key.Wrapped[^1] ^ 1)];

        await Should.ThrowAsync<InstallationKeyException>(async () =>
            await signer.SignAsync(Tenant, key with { Wrapped = altered }, message, CancellationToken.None));
    }

    [Fact]
    public async Task Nothing_is_signed_once_the_keys_are_wiped()
    {
        var key = await KeyAsync();
        await signer.SignAsync(Tenant, key, message, CancellationToken.None);
        signer.Dispose();

        await Should.ThrowAsync<ObjectDisposedException>(async () => await signer.SignAsync(Tenant, key, message, CancellationToken.None));
    }

    async Task<LogSigningKey> KeyAsync()
    {
        var made = await signer.MakeAsync(Tenant, CancellationToken.None);
        return new LogSigningKey(made.KeyId, new VerifierKey("log", SignatureType.Ed25519, made.PublicKey!), made.Wrapped, made.KekId, 0, null);
    }
}
