using Stet.Client.Api;
using Stet.Pcs;

namespace SensorFleet;

/// <summary>What happens to three sensors.</summary>
public static class Story
{
    /// <param name="url">The service, in Development on this machine.</param>
    /// <param name="folder">Where the sensors keep their outboxes.</param>
    /// <param name="output">Gets the story.</param>
    /// <param name="cancel">Its end, in good time or not.</param>
    public static async Task TellAsync(Uri url, string folder, TextWriter output, CancellationToken cancel)
    {
        // A tenant of this run. In Development the service believes the header; in production the access token names it.
        var tenant = $"{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}";
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10), DefaultRequestHeaders = { { "X-Tenant-Id", tenant } } };
        var stet = new StetClient(http);
        await using var north = new Sensor("north", url, tenant, folder, output);
        await using var west = new Sensor("west", url, tenant, folder, output);
        await using var south = new Sensor("south", url, tenant, folder, output);
        void Say(string who, string what)
        {
            lock (output) output.WriteLine($"{who + ":",-9} {what}");
        }

        foreach (var sensor in (Sensor[])[north, west, south])
        {
            await stet.Pcs.RegisterKeyAsync(sensor.Name, NewSigningKey.Ed25519("1.0", sensor.PublicKey), cancel: cancel);
            sensor.Start();
        }

        Say("Stet", "knows the public keys of north, west and south");

        for (var epoch = 1; epoch <= 2; epoch++) await north.MeasureAsync(epoch);
        await north.DeliveredAsync(cancel);

        Say("west", "claims a dimension of 2.9; the counts in the same document say otherwise");
        var lie = await west.MeasureAsync(epoch: 1, honest => honest with { DHat = 2.9, Budget = 0.9, Regime = PcsRegime.NonSticky });
        await west.DeliveredAsync(cancel);
        var found = (await stet.Pcs.FindAsync(lie.PcsId, cancel: cancel)).Value.Submissions[0];
        foreach (var reason in found.Reasons) Say("Stet", $"about west, epoch 1: {reason.Code}, {reason.Message}");

        await south.MeasureAsync(epoch: 1);
        await south.DeliveredAsync(cancel);
        south.IsOnline = false;
        for (var epoch = 2; epoch <= 5; epoch++) await south.MeasureAsync(epoch);
        Say("south", $"is offline; {south.Pending} documents wait in its outbox");
        await north.MeasureAsync(epoch: 3);
        await north.DeliveredAsync(cancel);
        south.IsOnline = true;
        Say("south", "is back");
        await south.DeliveredAsync(cancel);

        await stet.Pcs.ResolveAsync(lie.PcsId, ResolutionKind.Rejected, "the sensor was opened", cancel: cancel);
        Say("Operator", "looked at west and rejects its document");
        var summary = (await stet.Pcs.SummaryAsync(cancel: cancel)).Value;
        Say("Stet", $"{summary.Accepted} accepted, {summary.Escalated} escalated, {summary.OpenEscalations} of them open");
    }
}
