using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

/// <summary>Runs the verifier on a folder with the ordinary key.</summary>
static class Verify
{
    public static readonly AuditTrust Trust = Trusting(TestKey.Log(TestLog.Origin));

    public static AuditTrust Trusting(params TestKey[] keys) => new([.. keys.Select(k => AuditKey.Parse(k.Vkey))]);

    public static async Task<AuditReport> FolderAsync(
        TestFolder folder, AuditVerifierOptions? options = null, AuditTrust? trust = null, TimeProvider? clock = null)
    {
        using var source = AuditLogSource.FromFolder(folder.Root);
        return await new AuditVerifier(source, trust ?? Trust, clock ?? TimeProvider.System).VerifyAsync(options ?? new());
    }

    /// <summary>What a log comes to with one thing changed.</summary>
    public static async Task<AuditReport> LogAsync(TestLog log, Action<TestFolder> change, AuditVerifierOptions? options = null)
    {
        using var folder = new TestFolder().Export(log);
        change(folder);
        return await FolderAsync(folder, options);
    }
}
