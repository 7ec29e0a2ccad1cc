using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;

namespace Stet.Client.Tests.Pcs;

static class Outboxes
{
    public static async Task<Outbox> WithAsync(TestFolder folder, int documents)
    {
        var outbox = Outbox.Open(folder.At("outbox"), TimeProvider.System);
        for (var epoch = 1; epoch <= documents; epoch++) await outbox.EnqueueAsync(Documents.Of(epoch));
        return outbox;
    }

    public static List<OutboxEntry> Listed(Outbox outbox)
    {
        using var listing = OutboxListing.Read(outbox.Path);
        return [.. listing.Entries()];
    }
}
