using System.Text;
using Stet.Client.AuditLog;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.Tests.AuditLog;

public class StrictSpecs
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Plain_decimals_are_read(string text, long value)
    {
        Strict.TryDecimal(Encoding.ASCII.GetBytes(text), out var read).ShouldBeTrue();
        read.ShouldBe(value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("05")]
    [InlineData("+5")]
    [InlineData("-5")]
    [InlineData(" 5")]
    [InlineData("5 ")]
    [InlineData("5.0")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("٣")]
    public void Other_spellings_of_numbers_are_refused(string text) =>
        Strict.TryDecimal(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();

    [Theory]
    [InlineData("AB==")]
    [InlineData("AA=")]
    [InlineData("AA")]
    [InlineData("A A=")]
    [InlineData("AA==\n")]
    [InlineData("A-__")]
    [InlineData("====")]
    public void Other_spellings_of_base64_are_refused(string text)
    {
        Strict.TryBase64(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();
        Strict.TryBase64(Encoding.UTF8.GetBytes(text), new byte[1]).ShouldBeFalse();
    }

    [Fact]
    public void Base64_of_any_length_comes_back()
    {
        for (var length = 0; length < 300; length++)
        {
            var bytes = Enumerable.Range(0, length).Select(i => (byte)(i * 7)).ToArray();

            Strict.TryBase64(Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)), out var read).ShouldBeTrue();
            read.ShouldBe(bytes);
        }
    }

    /// <summary>Whatever comes in, a parser answers or refuses with the one exception of this library.</summary>
    [Fact]
    public void Damaged_notes_and_proofs_never_throw_anything_else()
    {
        var log = TestLog.OfSize(300);
        byte[][] samples = [Encoding.UTF8.GetBytes(log.Note()), Encoding.UTF8.GetBytes(log.TlogProof(77)), Encoding.UTF8.GetBytes(TestLog.PayloadLine(3))];
        var random = new Random(42);
        for (var round = 0; round < 3000; round++)
        {
            var bytes = samples[round % samples.Length].ToArray();
            for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bytes = bytes[..random.Next(1, bytes.Length + 1)];

            Parses(() => SignedNote.Parse(bytes));
            Parses(() => Checkpoint.Parse(bytes));
            Parses(() => TlogProof.Parse(bytes));
            Parses(() => JsonMembers.Parse(bytes, "line").Dispose());
            Parses(() => WitnessPolicy.Parse(Encoding.Latin1.GetString(bytes)));
            Parses(() => AuditKey.Parse(Encoding.Latin1.GetString(bytes)));
            new CanonicalJson().TryConvert(bytes, out _, out var reason).ShouldBe(reason is null);
            AuditEntry.TryParse(bytes, out _, out var problem).ShouldBe(problem is null);
        }

        static void Parses(Action parse)
        {
            try
            {
                parse();
            }
            catch (AuditException e)
            {
                e.Outcome.ShouldBeOneOf(AuditOutcome.Malformed, AuditOutcome.Usage);
            }
        }
    }
}
