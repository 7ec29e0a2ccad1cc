using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class CanonicalJsonLaws
{
    [Fact]
    public void A_canonical_form_is_its_own_canonical_form() =>
        Holds(Json.Any, json =>
        {
            var form = Canonical.Form(json.Text(new Random(1)));
            Canonical.Form(form).ShouldBe(form);
        });

    [Fact]
    public void The_order_of_members_the_escapes_and_the_white_space_do_not_matter() =>
        Holds(Json.Any, json =>
            Canonical.Form(json.Text(new Random(1))).ShouldBe(Canonical.Form(json.Text(new Random(2)))));

    [Fact]
    public void The_canonical_form_is_the_same_value() =>
        Holds(Json.Any, json =>
        {
            var text = json.Text(new Random(1));
            using var before = JsonDocument.Parse(text);
            using var after = JsonDocument.Parse(Canonical.Form(text));
            JsonElement.DeepEquals(before.RootElement, after.RootElement).ShouldBeTrue();
        });

    [Fact]
    public void Names_come_in_ordinal_order() =>
        Holds(ArbMap.Default.ArbFor<NonNull<string>[]>().Generator, drawn =>
        {
            var names = drawn.Select(name => Json.Storable(name.Get)).Distinct(StringComparer.Ordinal).ToList();
            var text = $"{{{string.Join(',', names.Select(name => $"{JsonSerializer.Serialize(name)}:0"))}}}";

            using var form = JsonDocument.Parse(Canonical.Form(text));

            form.RootElement.EnumerateObject().Select(member => member.Name)
                .ShouldBe(names.Order(StringComparer.Ordinal));
        });

    [Fact]
    public void Every_finite_double_keeps_its_bits() =>
        Holds(Doubles, value =>
        {
            var form = Canonical.Form(value.ToString("R", CultureInfo.InvariantCulture));
            double.Parse(form, CultureInfo.InvariantCulture).ShouldBe(value);
        });

    [Fact]
    public void Random_bytes_are_answered_and_never_throw() =>
        Holds(ArbMap.Default.ArbFor<byte[]>().Generator, IsAnswered);

    [Fact]
    public void Mutated_json_is_answered_and_never_throws() =>
        Holds(
            from json in Json.Any
            from seed in Gen.Choose(0, int.MaxValue)
            select Mutated(Encoding.UTF8.GetBytes(json.Text(new Random(seed))), new Random(seed)),
            IsAnswered);

    [Fact]
    public void A_number_of_fifteen_digits_is_always_kept() =>
        Holds(
            from drawn in ArbMap.Default.ArbFor<DoNotSize<ulong>>().Generator
            from exponent in Gen.Choose(-307, 290)
            select $"{drawn.Item % 1_000_000_000_000_000}e{exponent}",
            json => double.Parse(Canonical.Form(json), CultureInfo.InvariantCulture)
                .ShouldBe(double.Parse(json, CultureInfo.InvariantCulture)));

    static Gen<double> Doubles { get; } =
        ArbMap.Default.ArbFor<DoNotSize<ulong>>().Generator
            .Select(bits => BitConverter.UInt64BitsToDouble(bits.Item)).Where(double.IsFinite);

    static void IsAnswered(byte[] json)
    {
        if (Canonical.TryForm(json, out var error) is { } form)
            Canonical.Form(form).ShouldBe(form);
        else
            error!.Reason.ShouldNotBeEmpty();
    }

    static byte[] Mutated(byte[] json, Random random)
    {
        var mutated = json.ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(mutated.Count);
            var with = "{}[],:\"\\u0deE-+.19/ \u0001\u0080\u00ed\u00ff"[random.Next(24)];
            switch (random.Next(3))
            {
                case 0: mutated[at] = (byte)with; break;
                case 1: mutated.Insert(at, (byte)with); break;
                case 2 when mutated.Count > 1: mutated.RemoveAt(at); break;
            }
        }

        return [.. mutated];
    }

    static void Holds<T>(Gen<T> values, Action<T> law) =>
        Prop.ForAll(values.ToArbitrary(), law).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    /// <summary>A JSON value, spelt differently by every source of chance.</summary>
    abstract record Json
    {
        public abstract string Text(Random spelling);

        public static Gen<Json> Any { get; } = Gen.Sized(size => Sized(Math.Min(size, 30)));

        /// <summary>Without what a string must not hold: U+0000 and unpaired surrogates.</summary>
        public static string Storable(string text) =>
            new UTF8Encoding().GetString(Encoding.UTF8.GetBytes(text)).Replace("\0", "0", StringComparison.Ordinal);

        static Gen<Json> Sized(int size)
        {
            var strings = ArbMap.Default.ArbFor<NonNull<string>>().Generator.Select(text => Storable(text.Get));
            var scalars = Gen.OneOf<Json>(
                strings.Select(Json (text) => new StringValue(text)),
                Gen.OneOf(
                    ArbMap.Default.ArbFor<long>().Generator
                        .Select(n => (n % (1L << 53)).ToString(CultureInfo.InvariantCulture)),
                    Doubles
                        .Select(d => d.ToString("R", CultureInfo.InvariantCulture)),
                    Gen.Elements("true", "false", "null", "0.50", "-0", "1e2"))
                    .Select(Json (literal) => new LiteralValue(literal)));

            if (size < 2) return scalars;

            var items = Sized(size / 3);
            return Gen.OneOf(
                scalars,
                items.ListOf().Select(Json (list) => new ArrayValue([.. list])),
                (from name in strings from value in items select (name, value)).ListOf()
                    .Select(Json (list) =>
                        new ObjectValue([.. list.DistinctBy(member => member.name, StringComparer.Ordinal)])));
        }

        sealed record LiteralValue(string Value) : Json
        {
            public override string Text(Random spelling) => Value;
        }

        sealed record StringValue(string Value) : Json
        {
            public override string Text(Random spelling) => Spelt(Value, spelling);
        }

        sealed record ArrayValue(Json[] Items) : Json
        {
            public override string Text(Random spelling) =>
                $"[{Space(spelling)}{string.Join(',', Items.Select(item => item.Text(spelling)))}]";
        }

        sealed record ObjectValue((string Name, Json Value)[] Members) : Json
        {
            public override string Text(Random spelling)
            {
                var order = Members.ToArray();
                spelling.Shuffle(order);
                var members = order.Select(member =>
                    $"{Spelt(member.Name, spelling)}{Space(spelling)}:{Space(spelling)}{member.Value.Text(spelling)}");
                return $"{{{string.Join(',', members)}}}";
            }
        }

        static string Space(Random spelling) => spelling.Next(3) switch { 0 => " ", 1 => "\r\n\t", _ => "" };

        static string Spelt(string text, Random spelling)
        {
            var spelt = new StringBuilder("\"");
            // By runes: a pair must be escaped whole or not at all.
            foreach (var rune in text.EnumerateRunes())
            {
                if (rune.Value is '"' or '\\' or < 0x20 || spelling.Next(4) == 0)
                    foreach (var unit in rune.ToString())
                        spelt.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
                else
                    spelt.Append(rune.ToString());
            }

            return spelt.Append('"').ToString();
        }
    }
}
