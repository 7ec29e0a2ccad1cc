using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Stet.AuditLog;

namespace Stet.Benchmarks;

/// <summary>Leaf hash and peaks of ready entries on one thread: the hashing that the audit log adds to an event.</summary>
static class LeafBenchmark
{
    const int EntrySize = 300;

    public static Command Command()
    {
        var rounds = new Option<int>("--rounds") { Description = "Rounds", DefaultValueFactory = _ => 5 };
        var leaves = new Option<int>("--leaves")
        {
            Description = "Leaves a round",
            DefaultValueFactory = _ => 2_000_000,
        };
        var command = new Command(
            "leaves", "Hash entries of 300 bytes, 64 at a time, and fold them; prints leaves per second. Then the same 16 at a time.")
        {
            rounds, leaves,
        };
        command.SetAction(arguments => Run(arguments.GetValue(rounds), arguments.GetValue(leaves)));
        return command;
    }

    static void Run(int rounds, int leaves)
    {
        Measure(leaves / 10, 64); // warms up
        for (var round = 0; round < rounds; round++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"leaves\t{Measure(leaves, 64):F0}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"leaves, 16 at a time\t{Measure(leaves, 16):F0}"));
        }
    }

    static double Measure(int leaves, int batch)
    {
        var texts = Enumerable.Range(0, batch).Select(_ => Enumerable.Repeat((byte)'x', EntrySize).ToArray()).ToArray();
        var entries = texts.Select(text => new ReadOnlyMemory<byte>(text)).ToArray();
        var hashes = new LogHash[batch];
        var peaks = new Peaks();
        var filled = new List<FilledTile>(leaves / Tile.FullWidth * 2);
        var started = Stopwatch.GetTimestamp();

        while (peaks.Size < leaves)
        {
            for (var i = 0; i < batch; i++) BitConverter.TryWriteBytes(texts[i], peaks.Size + i);
            LogHash.Leaves(entries, hashes);
            peaks.Append(hashes, filled);
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        return peaks.Size / elapsed.TotalSeconds;
    }
}
