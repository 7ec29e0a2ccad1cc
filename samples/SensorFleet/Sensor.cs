using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Stet.Client.Pcs;
using Stet.Pcs;

namespace SensorFleet;

/// <summary>A sensor with a key and an outbox of its own. What it measures is delivered while there is a network.</summary>
sealed class Sensor : IAsyncDisposable, IProgress<Delivery>
{
    const int RowsPerEpoch = 60;

    readonly TextWriter story;
    readonly PcsPlan plan;
    readonly Outbox outbox;
    readonly Network network = new();
    readonly HttpClient http;
    readonly PcsSender sender;
    readonly CancellationTokenSource stop = new();
    Task sending = Task.CompletedTask;
    bool hasToldOfOutage;

    public Sensor(string name, Uri url, string tenant, string folder, TextWriter story)
    {
        Name = name;
        this.story = story;
        var key = PcsSigningKey.Ed25519(RandomNumberGenerator.GetBytes(32));
        PublicKey = key.PublicKey!;
        plan = new PcsPlan(name, key) { Version = PcsVersion.V10, Kid = name, Tenant = tenant };
        outbox = Outbox.Open(Path.Combine(folder, name, "outbox"), TimeProvider.System);
        http = new HttpClient(network) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Add("X-Tenant-Id", tenant);
        sender = new PcsSender(outbox, new PcsEndpoint(http, url, TimeProvider.System), TimeProvider.System, Random.Shared);
    }

    public string Name { get; }

    public byte[] PublicKey { get; }

    public long Pending => outbox.Counts.Pending;

    public bool IsOnline
    {
        set => network.IsUp = value;
    }

    public void Start() => sending = sender.RunAsync(this, stop.Token);

    /// <summary>Measures an epoch and puts its document into the outbox.</summary>
    /// <param name="epoch">Which.</param>
    /// <param name="lie">What the sensor claims instead of the truth; null: the truth.</param>
    public async Task<PcsDocument> MeasureAsync(long epoch, Func<PcsDocument, PcsDocument>? lie = null)
    {
        var builder = new EpochBuilder(plan);
        for (var i = 0; i < RowsPerEpoch; i++) Add(builder, (epoch * RowsPerEpoch) + i);

        var truth = builder.Finish(epoch, PcsPlan.SentAt(TimeProvider.System.GetUtcNow()));
        var document = lie is null ? truth : lie(truth);
        await outbox.EnqueueAsync(seq => PcsSigningKey.Number(document, seq, TimeSpan.Zero, plan.Key));
        return document;
    }

    /// <summary>Waits until nothing is pending.</summary>
    public async Task DeliveredAsync(CancellationToken cancel)
    {
        while (Pending > 0)
        {
            // Whatever ended the sender is thrown here.
            if (sending.IsCompleted) await sending;
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
        }
    }

    public void Report(Delivery value)
    {
        var what = value.State switch
        {
            OutboxState.Acked => $"document {value.Seq} is {value.Outcome}, at position {value.Position}",
            OutboxState.Dead => $"document {value.Seq} is refused: {value.Code}",
            _ => $"document {value.Seq} cannot be delivered, {value.Detail}: it stays in the outbox and is tried again",
        };
        lock (story)
        {
            if (value.State == OutboxState.Pending && hasToldOfOutage) return;
            hasToldOfOutage |= value.State == OutboxState.Pending;
            story.WriteLine($"{Name + ":",-9} {what}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await sending;
        await outbox.DisposeAsync();
        http.Dispose();
        stop.Dispose();
    }

    // A spiral: what the sensor sees of something that turns and rises.
    static void Add(EpochBuilder builder, long second)
    {
        var point = new Point(Rounded(Math.Cos(second / 10.0)), Rounded(Math.Sin(second / 10.0)), Rounded(second / 100.0));
        builder.Add(new EventRow(second, point, Text(point.X), Text(point.Y), Text(point.Z)));
    }

    static double Rounded(double value) => Math.Round(value, 3);

    static byte[] Text(double value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A cable that can be pulled.</summary>
    sealed class Network() : DelegatingHandler(new SocketsHttpHandler())
    {
        volatile bool isUp = true;

        public bool IsUp
        {
            set => isUp = value;
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            isUp ? base.SendAsync(request, cancellationToken) : throw new HttpRequestException("there is no network");
    }
}
