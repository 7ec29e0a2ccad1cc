using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Stet.Testing;

namespace Stet.Pcs.Tests;

public class VerificationLaws
{
    static readonly PcsTenant acme = new(
        "acme", PcsSignaturePolicy.Required, [Ordinary.Key01, Ordinary.Key10], PcsParameters.Default);

    static readonly string[] corpus =
    [
        Ordinary.V01.Text(), Ordinary.V01.Signed().Text(), Ordinary.V10.Signed().Text(), "{}", "[]", "null",
        "{\"version\":\"1.0\",\"ft\":{\"fallbacks\":[\"\\ud83d\\ude00\"]}}", "{\"N_j\":{\"\\u0032\":1,\"2\":1}}",
        "{\"SCALES\":[1,2,3,4,5],\"scales\":[1,2,3,4,5,6,7,8,9]}", "{\"x\":[[[[{\"a\":{\"b\":1e400}}]]]]}",
        "{\"v_star\":[1,2,3,4,5],\"V_STAR\":[1]}", "{\"sent_at\":\"9999-12-31T23:59:59.999999999-23:59\"}",
    ];

    // What JSON is made of, and bytes that are not valid in it.
    static readonly byte[] letters = [.. "{}[],:\"\\u0deE-+.19/ nN"u8, 0x01, 0x80, 0xED, 0xFF];

    [Fact]
    public void Any_changed_bit_of_a_signed_document_of_1_0_is_refused()
    {
        var body = Ordinary.V10.Signed().ToJson();
        PcsVerifier.Verify(body, acme, Ordinary.Now).ShouldBeOfType<PcsVerified>();

        for (var bit = 0; bit < 8 * body.Length; bit++)
        {
            var changed = body.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            PcsVerifier.Verify(changed, acme, Ordinary.Now)
                .ShouldBeOfType<PcsRefused>($"bit {bit % 8} of byte {bit / 8}");
        }
    }

    [Fact]
    public void Any_changed_byte_of_a_signed_document_of_1_0_is_refused_unless_the_value_is_the_same() =>
        Holds(
            from document in Documents
            from at in Gen.Choose(0, int.MaxValue)
            from with in Gen.Choose(1, 255)
            select (document, at, with), drawn =>
            {
                var body = drawn.document.Signed().ToJson();
                var changed = body.ToArray();
                changed[drawn.at % body.Length] ^= (byte)drawn.with;

                if (PcsVerifier.Verify(changed, acme, Ordinary.Now) is PcsVerified)
                    Canonical(Encoding.UTF8.GetString(changed)).ShouldBe(Canonical(Encoding.UTF8.GetString(body)));
            });

    [Fact]
    public void The_canonical_forms_of_1_0_are_those_of_an_independent_implementation() =>
        Holds(Documents, document =>
        {
            var node = JsonNode.Parse(document.ToJson())!.AsObject();
            document.Text().ShouldBe(Canonical(document.Text()));

            node.Remove("sig");
            document.Canonical(Extent.Signed).ShouldBe(Canonical(node.ToJsonString()));
            foreach (var name in (string[])["alg", "kid", "sent_at", "attempt", "ft"]) node.Remove(name);
            document.ContentDigest().ShouldBe(Hash(Canonical(node.ToJsonString())));
        });

    [Fact]
    public void The_content_digest_of_0_1_is_that_of_an_independent_implementation() =>
        Holds(Documents, drawn =>
        {
            var document = drawn with { Header = null };
            var node = JsonNode.Parse(document.ToJson())!.AsObject();
            foreach (var name in (string[])["sent_at", "attempt", "ft"]) node.Remove(name);
            foreach (var name in (string[])["D_hat", "coh_star", "r", "budget"])
                node[name] = Rounding.A(node[name]!.GetValue<double>());

            document.ContentDigest().ShouldBe(Hash(Canonical(node.ToJsonString())));
        });

    [Fact]
    public void The_signed_forms_of_0_1_are_those_of_an_independent_implementation() =>
        Holds(from document in Documents from shard in Shards select document with { ShardId = shard }, document =>
        {
            foreach (var form in Enum.GetValues<SignedFormKind>())
                document.Form(form).ShouldBe(IndependentForm(document, form));
        });

    [Fact]
    public void The_verdict_does_not_depend_on_order_white_space_escapes_or_the_spelling_of_numbers() =>
        Holds(
            from document in Documents
            from seed in Gen.Choose(0, int.MaxValue)
            from isV10 in Gen.Elements(true, false)
            select (document, seed, isV10), drawn =>
            {
                var document = (drawn.isV10 ? drawn.document : drawn.document with { Header = null }).Signed();
                var plain = PcsVerifier.Verify(document.ToJson(), acme, Ordinary.Now).ShouldBeOfType<PcsVerified>();

                var respelt = new Respelling(new Random(drawn.seed)).Of(JsonNode.Parse(document.ToJson())!);
                PcsVerifier.Verify(Encoding.UTF8.GetBytes(respelt), acme, Ordinary.Now)
                    .ShouldBe(plain, respelt);
            });

    [Fact]
    public void A_document_is_read_back_equal_from_its_own_text() =>
        Holds(Documents, document => Ordinary.Read(document.Signed().ToJson()).ShouldBe(document.Signed()));

    [Fact]
    public void Random_letters_of_JSON_are_answered() =>
        Holds(Gen.ArrayOf(Gen.Elements(letters)).Resize(12), IsAnswered, count: 4000);

    [Fact]
    public void A_mutated_text_of_the_corpus_is_answered() =>
        Holds(Gen.Choose(0, int.MaxValue), seed => IsAnswered(Mutated(new Random(seed))), count: 4000);

    [Fact]
    public void A_large_body_of_many_names_is_answered_soon()
    {
        var names = string.Join(',', Enumerable.Range(0, 60_000).Select(i => $"\"{i}\":1"));

        // It takes milliseconds; the rest is for a busy machine.
        Should.CompleteIn(
            () =>
            {
                IsAnswered(Encoding.UTF8.GetBytes($"{{{names}}}"));
                IsAnswered(Encoding.UTF8.GetBytes($"{{\"N_j\":{{{names}}}}}"));
                Ordinary.Refusal(Ordinary.V01.WithRaw("x", $"{{{names}}}")).ShouldBeNull();
            },
            TimeSpan.FromSeconds(20));
    }

    static void IsAnswered(byte[] body)
    {
        var verdict = PcsVerifier.Verify(body, acme, Ordinary.Now);
        if (verdict is PcsRefused { Refusal: var refusal })
        {
            refusal.Status.ShouldBeOneOf(400, 401);
            refusal.Message.ShouldNotBeEmpty();
        }
        else
        {
            verdict.ShouldBeOfType<PcsVerified>().ContentDigest.Length.ShouldBe(64);
        }
    }

    static byte[] Mutated(Random random)
    {
        var mutated = Encoding.UTF8.GetBytes(corpus[random.Next(corpus.Length)]).ToList();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var at = random.Next(mutated.Count);
            var with = letters[random.Next(letters.Length)];
            switch (random.Next(4))
            {
                case 0: mutated[at] = with; break;
                case 1: mutated.Insert(at, with); break;
                case 2 when mutated.Count > 1: mutated.RemoveAt(at); break;
                case 3:
                    // A piece of another text, which brings whole members along.
                    var other = Encoding.UTF8.GetBytes(corpus[random.Next(corpus.Length)]);
                    var start = random.Next(other.Length);
                    mutated.InsertRange(at, other[start..random.Next(start, Math.Min(other.Length, start + 60))]);
                    break;
            }
        }

        return [.. mutated];
    }

    static Gen<double> Numbers { get; } = Gen.OneOf(
        Gen.Choose(-1_000_000_000, 2_000_000_000).Select(n => n / 1e9),
        Gen.Elements(0, 1, 2, 0.1, 1e-9, 5e-7, 1e21, 123456789012.123, 1.0000000005, 0.1234567885, -0.5),
        ArbMap.Default.ArbFor<DoNotSize<ulong>>().Generator
            .Select(bits => BitConverter.UInt64BitsToDouble(bits.Item)).Where(double.IsFinite));

    static Gen<PcsDocument> Documents { get; } =
        from seed in Gen.Choose(0, int.MaxValue)
        from numbers in Numbers.ListOf(6)
        from r in Gen.Choose(0, 1_000_000_000)
        select Document(new Random(seed), numbers.ToArray(), r / 1e9);

    static Gen<string> Shards { get; } =
        from seed in Gen.Choose(0, int.MaxValue)
        select string.Concat(new Random(seed).GetItems<string>(
            ["a", "~", "\u007f", "\"", "\\", "/", "<", ">", "&", "é", "\u2027", "\u2028", "\u2029", "😀", "€"], seed % 40));

    static PcsDocument Document(Random random, double[] numbers, double r)
    {
        // Without the sign of a zero, which canonical JSON does not keep.
        var (cohStar, dHat, budget) = (numbers[0] + 0.0, numbers[1] + 0.0, numbers[2] + 0.0);
        string[] fallbacks = ["zlib", "\"\\/\b\f\n\r\t\u0001\u007f", "é<>&\u2028😀", "late_rows"];
        var scales = Enumerable.Range(1, 300).OrderBy(_ => random.Next()).Take(random.Next(2, 20)).Order();

        return (Ordinary.V10 with
        {
            ShardId = $"shard-{random.Next()}",
            Epoch = random.NextInt64(1L << 53),
            Attempt = random.NextInt64(1, 1L << 53),
            Seed = random.NextInt64(1L << 32),
            Scales = [.. scales.Select(scale => new ScaleCount(scale, scale * 1000L))],
            CohStar = cohStar,
            VStar = new Direction(numbers[3] + 0.0, numbers[4] + 0.0, numbers[5] + 0.0),
            DHat = dHat,
            R = r,
            Budget = budget,
            Regime = (PcsRegime)random.Next(3),
            Delivery = new PcsDelivery(
                random.Next(3), random.Next(2) == 0, [.. random.GetItems(fallbacks, random.Next(4))],
                random.Next(-9, 9)),
        }).Identified();
    }

    static string Canonical(string json) =>
        Independent.Canonical(JsonNode.Parse(json), number => Independent.EcmaScript(Number(number)));

    static double Number(JsonValue number) => double.Parse(number.ToJsonString(), CultureInfo.InvariantCulture);

    static string IndependentForm(PcsDocument document, SignedFormKind form)
    {
        string Number(double value) => form switch
        {
            SignedFormKind.A => Independent.T1(Rounding.A(value)),
            SignedFormKind.J => Independent.EcmaScript(Rounding.J(value)),
            _ => Independent.T2(Rounding.G(value)),
        };
        var shard = Independent.Escaped(document.ShardId, c => form switch
        {
            SignedFormKind.A => c is < ' ' or > '~',
            SignedFormKind.J => false,
            _ => "<>&\u2028\u2029".Contains(c),
        });

        string[] numbers =
        [
            $"\"D_hat\":{Number(document.DHat)}", $"\"budget\":{Number(document.Budget)}",
            $"\"coh_star\":{Number(document.CohStar)}",
        ];
        if (form == SignedFormKind.G) numbers = [numbers[1], numbers[2], numbers[0]];

        return $"{{{string.Join(',', numbers)},\"epoch\":{document.Epoch},\"merkle_root\":\"{document.MerkleRoot}\"," +
               $"\"pcs_id\":\"{document.PcsId}\",\"r\":{Number(document.R)},\"shard_id\":{shard}}}";
    }

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    static void Holds<T>(Gen<T> values, Action<T> law, int count = 400) =>
        Prop.ForAll(values.ToArbitrary(), law).Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    /// <summary>The same document in another spelling.</summary>
    sealed class Respelling(Random random)
    {
        static readonly string[] real = ["coh_star", "D_hat", "r", "budget"];

        public string Of(JsonNode? node, string name = "") => node switch
        {
            JsonObject o => $"{{{Space()}{string.Join($"{Space()},", Shuffled(o).Select(
                member => $"{Text(member.Key)}{Space()}:{Space()}{Of(member.Value, member.Key)}"))}}}{Space()}",
            JsonArray a => $"[{string.Join(',', a.Select(item => Space() + Of(item, name)))}]",
            JsonValue v when v.GetValueKind() == JsonValueKind.String => Text(v.GetValue<string>()),
            JsonValue v when v.GetValueKind() == JsonValueKind.Number && (real.Contains(name) || name == "v_star") =>
                Real(Number(v)),
            _ => node!.ToJsonString(),
        };

        string Real(double value)
        {
            var text = value.ToString("E16", CultureInfo.InvariantCulture);
            return random.Next(3) switch
            {
                0 => text,
                1 => text.Replace("E+", "e", StringComparison.Ordinal),
                _ => value.ToString("R", CultureInfo.InvariantCulture) is var r && r.Contains('.') && !r.Contains('E')
                    ? $"{r}00"
                    : r,
            };
        }

        KeyValuePair<string, JsonNode?>[] Shuffled(JsonObject o)
        {
            var members = o.ToArray();
            random.Shuffle(members);
            return members;
        }

        string Space() => random.Next(4) switch { 0 => " ", 1 => "\r\n\t", _ => "" };

        string Text(string text)
        {
            var spelt = new StringBuilder("\"");
            foreach (var unit in text)
            {
                if (unit is '"' or '\\' or < ' ' || char.IsSurrogate(unit) || random.Next(8) == 0)
                    spelt.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
                else
                    spelt.Append(unit);
            }

            return spelt.Append('"').ToString();
        }
    }
}
