using System.Collections.Frozen;
using System.Globalization;

namespace Stet.Cedar.Tests.Values;

public class ValueSpecs
{
    [Theory]
    [InlineData("[1, 2, 2, 1]", "[2, 1]")]
    [InlineData("[[1, 2], [3]]", "[[3], [2, 1]]")]
    [InlineData("{a: [1, 2], b: 1}", "{b: 1, a: [2, 1]}")]
    [InlineData("decimal(\"1.0\")", "decimal(\"1.0000\")")]
    [InlineData("datetime(\"2024-01-01T01:00:00+0100\")", "datetime(\"2024-01-01\")")]
    [InlineData("duration(\"1d\")", "duration(\"24h\")")]
    [InlineData("ip(\"10.0.0.1/32\")", "ip(\"10.0.0.1\")")]
    [InlineData("ip(\"::FF\")", "ip(\"0:0:0:0:0:0:0:ff\")")]
    public void Equal_values_have_equal_hashes(string one, string other)
    {
        Evaluated(one).ShouldBe(Evaluated(other));
        Evaluated(one).GetHashCode().ShouldBe(Evaluated(other).GetHashCode());
    }

    [Fact]
    public void Values_of_different_kinds_are_unequal()
    {
        Value[] values =
        [
            BoolValue.True, new LongValue(1), new StringValue("1"), new EntityUid("A", "1"), new SetValue(new LongValue(1)),
            Record(("1", new LongValue(1))), new DecimalValue(1), Evaluated("ip(\"::1\")"), new DateTimeValue(1), new DurationValue(1),
        ];

        for (var i = 0; i < values.Length; i++)
            for (var j = 0; j < values.Length; j++)
                values[i].Equals(values[j]).ShouldBe(i == j);

        values.Select(value => value.Kind).ShouldBe(Enum.GetValues<ValueKind>());
    }

    [Fact]
    public void A_large_set_is_a_set_as_a_small_one_is() => Laws.Hold(200, random =>
    {
        var numbers = Enumerable.Range(0, random.Next(100)).Select(_ => random.Next(60)).ToList();
        var set = new SetValue([.. numbers.Select(number => new LongValue(number))]);
        var shuffled = new SetValue([.. numbers.OrderBy(_ => random.Next()).Select(number => new LongValue(number))]);

        set.Count.ShouldBe(numbers.Distinct().Count());
        set.ShouldBe(shuffled);
        set.GetHashCode().ShouldBe(shuffled.GetHashCode());
        Enumerable.Range(0, 60).ShouldAllBe(number => set.Contains(new LongValue(number)) == numbers.Contains(number));
    });

    [Fact]
    public void A_large_record_finds_its_keys_as_a_small_one_does() => Laws.Hold(200, random =>
    {
        var keys = Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(60)).Distinct().ToList();
        var record = Record([.. keys.Select(key => ($"k{key}", (Value)new LongValue(key)))]);

        record.Count.ShouldBe(keys.Count);
        Enumerable.Range(0, 60).ShouldAllBe(key => record.Has($"k{key}") == keys.Contains(key));
        foreach (var key in keys) (record.TryGet($"k{key}", out var value) ? value : null).ShouldBe(new LongValue(key));
    });

    [Fact]
    public void What_is_no_value_is_not_made()
    {
        Should.Throw<ArgumentException>(() => new StringValue("a\ud800b"));
        Should.Throw<ArgumentException>(() => new StringValue("\udc00"));
        Should.Throw<ArgumentException>(() => new EntityUid("A:B", "a"));
        Should.Throw<ArgumentException>(() => new EntityUid("A", "\ud800"));
        Should.Throw<ArgumentException>(() => Record(("a", BoolValue.True), ("a", BoolValue.True)));
        Should.Throw<ArgumentException>(() => Record(("\ud800", BoolValue.True)));
        new StringValue("😀").Value.ShouldBe("😀");
    }

    [Theory]
    [InlineData("A", true)]
    [InlineData("A::B_1::_c", true)]
    [InlineData("principal", true)]
    [InlineData("", false)]
    [InlineData("A::", false)]
    [InlineData("A:B", false)]
    [InlineData("A :: B", false)]
    [InlineData("1A", false)]
    [InlineData("A::is", false)]
    [InlineData("__cedar::Long", false)]
    public void A_type_is_a_path_of_identifiers(string path, bool isValid)
    {
        EntityTypeName.IsValid(path).ShouldBe(isValid);
        EntityUid.TryCreate(path, "id", out var uid).ShouldBe(isValid);
        (uid is not null).ShouldBe(isValid);
    }

    [Fact]
    public void A_value_reads_back_from_its_text() => Laws.Hold(1_000, random =>
    {
        var value = Drawn(random, 3);
        Evaluated(value.ToString()).ShouldBe(value);
    });

    [Fact]
    public void A_value_reads_back_from_its_JSON() => Laws.Hold(1_000, random =>
    {
        var record = Record(("value", Drawn(random, 3)));
        Cedar.Record(System.Text.Encoding.UTF8.GetString(record.WriteJson())).ShouldBe(record);
    });

    [Fact]
    public void A_day_is_the_one_the_calendar_says() => Laws.Hold(1_000, random =>
    {
        var day = new DateTime(1, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(random.Next(3_652_059)).AddMilliseconds(random.Next(86_400_000));

        DateTimeValue.TryParse(day.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), out var value).ShouldBeTrue();

        value.ShouldBe(DateTimeValue.Of(new DateTimeOffset(day)));
    });

    [Theory]
    [InlineData("0000-01-01", -62_167_219_200_000)]
    [InlineData("0000-02-29", -62_162_121_600_000)]
    [InlineData("9999-12-31T23:59:59.999Z", 253_402_300_799_999)]
    public void The_calendar_begins_with_year_0_and_ends_with_year_9999(string text, long milliseconds)
    {
        Evaluated($"datetime(\"{text}\")").ShouldBe(new DateTimeValue(milliseconds));
        new DateTimeValue(milliseconds).ToString().ShouldBe($"datetime(\"{text}\")");
    }

    [Fact]
    public void An_instant_beyond_the_calendar_is_written_as_a_distance() =>
        Laws.Hold(200, random =>
        {
            var value = new DateTimeValue(random.NextInt64(long.MinValue, long.MaxValue));
            Evaluated(value.ToString()).ShouldBe(value);
        });

    static Value Evaluated(string expression)
    {
        var request = new Request(new("User", "a"), new("Action", "b"), new("Doc", "c"), RecordValue.Empty);
        var evaluation = new Stet.Cedar.Evaluation(request, EntityStore.Empty, FrozenDictionary<EntityUid, Entity>.Empty);
        return new ExpressionCompiler(pool: null).Compile(Cedar.Expression(expression)).Evaluate(ref evaluation).ShouldNotBeNull();
    }

    static Value Drawn(Random random, int depth) => random.Next(depth == 0 ? 8 : 10) switch
    {
        0 => BoolValue.Of(random.Next(2) == 0),
        1 => new LongValue(random.NextInt64(long.MinValue, long.MaxValue)),
        2 => new StringValue(((string[])["", "a", "\0\u202e", "\"\\\n", "😀é"])[random.Next(5)]),
        3 => new EntityUid(random.Next(2) == 0 ? "A::B" : "A", "\"x\""),
        4 => new DecimalValue(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)),
        5 => new DurationValue(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)),
        6 => new DateTimeValue(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)),
        7 => Evaluated($"ip(\"{((string[])["10.1.2.3/8", "::", "1:2:3:4:5:6:7:8/127", "255.255.255.255", "ff00::1/0"])[random.Next(5)]}\")"),
        8 => new SetValue([.. Enumerable.Range(0, random.Next(4)).Select(_ => Drawn(random, depth - 1))]),
        _ => Record([.. Enumerable.Range(0, random.Next(4)).Select(key => ($"k {key}", Drawn(random, depth - 1)))]),
    };

    static RecordValue Record(params (string Key, Value Value)[] entries) =>
        new([.. entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Value))]);
}
