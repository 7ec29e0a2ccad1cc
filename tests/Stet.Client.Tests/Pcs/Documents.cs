using System.Text;
using Stet.Client.Pcs;
using Stet.Pcs;

namespace Stet.Client.Tests.Pcs;

/// <summary>Ordinary plans and documents.</summary>
static class Documents
{
    public const string Secret = "a-32-byte-secret-for-tests-only!";

    public static PcsPlan Plan { get; } = new("shard-001", PcsSigningKey.Hmac(Secret));

    public static PcsPlan PlanOfV10 { get; } = Plan with { Version = PcsVersion.V10, Kid = "k1", Tenant = "acme" };

    /// <summary>A signed document of a few points.</summary>
    public static PcsDocument Of(long epoch, PcsPlan? plan = null)
    {
        plan ??= Plan;
        var builder = new EpochBuilder(plan);
        for (var i = 0; i < 5; i++)
        {
            var text = Encoding.ASCII.GetBytes($"{i}.25");
            builder.Add(new EventRow(i, new Point(i + 0.25, i + 0.25, i + 0.25), text, text, text));
        }

        return plan.Key.Sign(builder.Finish(epoch, "2026-03-02T09:00:00Z"));
    }

    public static PcsDocument Read(byte[] json) => PcsDocument.TryRead(json, out var document, out var refusal)
        ? document
        : throw new InvalidOperationException($"refused: {refusal.Code}");

    public static Task<long> EnqueueAsync(this Outbox outbox, PcsDocument document) =>
        outbox.EnqueueAsync(seq => PcsSigningKey.Number(document, seq, TimeSpan.Zero, Plan.Key));
}
