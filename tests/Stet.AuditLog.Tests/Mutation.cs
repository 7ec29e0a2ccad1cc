using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

/// <summary>Valid input made invalid, mostly.</summary>
static class Mutation
{
    static readonly byte[] bytes = [.. "\n\n\n  +-=#0159/Aax—\t\r\0"u8, 0x80, 0xFF];

    /// <summary>One to three characters replaced, added or taken out.</summary>
    public static string Of(string text, string with, Random random)
    {
        var mutated = new StringBuilder(text);
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(mutated.Length + 1);
            var character = with[random.Next(with.Length)];
            if (random.Next(3) > 0 && at < mutated.Length) mutated.Remove(at, 1);
            if (random.Next(3) > 0) mutated.Insert(at, character);
        }

        return mutated.ToString();
    }

    /// <summary>A few bytes replaced, added or taken out, the end cut off, or a line doubled.</summary>
    public static byte[] Of(byte[] valid, Random random)
    {
        var mutated = valid.ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(mutated.Count + 1);
            switch (random.Next(5))
            {
                case 0:
                    mutated.Insert(at, bytes[random.Next(bytes.Length)]);
                    break;
                case 1 when at < mutated.Count:
                    mutated[at] = bytes[random.Next(bytes.Length)];
                    break;
                case 2 when at < mutated.Count:
                    mutated.RemoveAt(at);
                    break;
                case 3 when random.Next(4) == 0:
                    mutated.RemoveRange(at, mutated.Count - at);
                    break;
                case 4 when random.Next(4) == 0:
                    var end = mutated.IndexOf((byte)'\n', at);
                    if (end > at) mutated.InsertRange(at, mutated[at..end]);
                    break;
            }
        }

        return [.. mutated];
    }

    /// <summary>A parser answers, or refuses with its one exception and a reason, whatever it is given.</summary>
    public static void NeverBreaks(IReadOnlyList<byte[]> valid, Action<byte[]> parse)
    {
        foreach (var given in valid) parse(given);

        Prop.ForAll(
            Gen.Elements<byte[]>(valid).ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(),
            ArbMap.Default.ArbFor<byte[]>(), (given, chance, random) =>
            {
                Answers(Of(given, new Random(chance)), parse);
                Answers(random, parse);
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    static void Answers(byte[] given, Action<byte[]> parse)
    {
        try
        {
            parse(given);
        }
        catch (AuditLogFormatException refused)
        {
            refused.Message.ShouldNotBeEmpty();
        }
    }
}
