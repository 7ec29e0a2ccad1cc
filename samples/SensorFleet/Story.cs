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
        using var stet = new StetClient(url);
        await using var north = new Sensor("north", url, stet.Tenant, folder, output);
        await using var west = new Sensor("west", url, stet.Tenant, folder, output);
        await using var south = new Sensor("south", url, stet.Tenant, folder, output);
        void Say(string who, string what)
        {
            lock (output) output.WriteLine($"{who + ":",-9} {what}");
        }

        foreach (var sensor in (Sensor[])[north, west, south])
        {
            await stet.RegisterKeyAsync(sensor.Name, sensor.PublicKey, cancel);
            sensor.Start();
        }

        Say("Stet", "knows the public keys of north, west and south");

        for (var epoch = 1; epoch <= 2; epoch++) await north.MeasureAsync(epoch);
        await north.DeliveredAsync(cancel);

        Say("west", "claims a dimension of 2.9; the counts in the same document say otherwise");
        var lie = await west.MeasureAsync(epoch: 1, honest => honest with { DHat = 2.9, Budget = 0.9, Regime = PcsRegime.NonSticky });
        await west.DeliveredAsync(cancel);
        foreach (var reason in await stet.ReasonsAsync(lie.PcsId, cancel)) Say("Stet", $"about west, epoch 1: {reason}");

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

        await stet.RejectAsync(lie.PcsId, "the sensor was opened", cancel);
        Say("Operator", "looked at west and rejects its document");
        Say("Stet", await stet.SummaryAsync(cancel));
    }
}
