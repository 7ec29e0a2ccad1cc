using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Stet.AuditLog;

namespace Stet.Benchmarks;

/// <summary>Leaf hash and peaks of ready entries on one thread: what the audit log adds to an event besides its row.</summary>
static class LeafBenchmark
{
    const int EntrySize = 300;

    public static Command Command()
    {
        var rounds = new Option<int>("--rounds") { Description = "Rounds", DefaultValueFactory = _ => 5 };
        var leaves = new Option<int>("--leaves") { Description = "Leaves a round", DefaultValueFactory = _ => 2_000_000 };
        var command = new Command("leaves", "Hash entries of 300 bytes and fold them; prints leaves per second.")
        {
            rounds, leaves,
        };
        command.SetAction(arguments => Run(arguments.GetValue(rounds), arguments.GetValue(leaves)));
        return command;
    }

    static void Run(int rounds, int leaves)
    {
        Span<byte> entry = stackalloc byte[EntrySize];
        entry.Fill((byte)'x');

        Measure(entry, leaves / 10); // warms up
        for (var round = 0; round < rounds; round++)
        {
            var perSecond = Measure(entry, leaves).ToString("F0", CultureInfo.InvariantCulture);
            Console.WriteLine($"leaves\t{perSecond}");
        }
    }

    static double Measure(Span<byte> entry, int leaves)
    {
        var peaks = new Peaks();
        var filled = new List<FilledTile>(leaves / Tile.FullWidth * 2);
        var started = Stopwatch.GetTimestamp();

        for (var i = 0; i < leaves; i++)
        {
            BitConverter.TryWriteBytes(entry, i);
            peaks.Append(LogHash.Leaf(entry), filled);
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        return leaves / elapsed.TotalSeconds;
    }
}
