using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Stet.AuditLog.Tests;

public class AuditEntrySpecs
{
    const string Sent =
        """
        {"text": "Gr\u00fc\u00dfe <b>+1</b>\u2028\u0007", "weight": 1.50, "big": 1e22, "tiny": 0.0000001,
         "minus_zero": -0.0, "n": 9007199254740991, "tags": ["b", "a"], "\ufb33": null, "\ud83d\ude00": true}
        """;

    static readonly byte[] secret = [.. Enumerable.Range(0xa0, 32).Select(i => (byte)i)];

    static readonly Guid eventId = Guid.Parse("01930a5e-7c00-7abc-8def-012345678900");

    static readonly AuditEntry ordinary = new(
        "application", DateTimeOffset.Parse("2026-03-01T12:00:00.123456Z", CultureInfo.InvariantCulture),
        Commitment.Of(Salt(eventId), Encoding.UTF8.GetBytes(Canonical.Form(Sent))), eventId,
        Guid.Parse("5c1e0b7a-6f2d-8a3b-9c4d-5e6f708192a3"), "correction_recorded", Version: 1);

    [Fact]
    public void The_example_of_the_specification_has_its_salt_entry_and_leaf_hash()
    {
        Convert.ToHexStringLower(Salt(eventId))
            .ShouldBe("905729b07f950c4ca543d6f63f9f59a39c56603d8b95c660d2054dd0fdc96437");
        Text(ordinary).ShouldBe(
            """
            {"actor":"application","at":"2026-03-01T12:00:00.123456Z","commit":"X/hIEqe5r+lH6EYLd/eDytEr3nzBBkJ6c3ClgCCgDQs=",
            """ +
            """
            "id":"01930a5e-7c00-7abc-8def-012345678900","schema":1,"stream":"5c1e0b7a-6f2d-8a3b-9c4d-5e6f708192a3",
            """ +
            """
            "type":"correction_recorded","v":1,"version":1}
            """);
        ordinary.ToArray().Length.ShouldBe(264);
        ordinary.LeafHash()
            .ShouldBe(Hashes.Hex("b12efc1fa43ea32ca513b0964647e14b50e112c66e0b554226904ce568d6db0b"));
    }

    [Fact]
    public void The_salt_is_made_from_the_id_in_the_order_it_is_written_in() =>
        Salt(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"))
            .ShouldBe(System.Security.Cryptography.HMACSHA256.HashData(
                secret, Convert.FromHexString("00112233445566778899aabbccddeeff")));

    [Fact]
    public void The_schema_version_is_parted_from_the_stored_type() =>
        Text(ordinary with { StoredType = "correction_recorded_v12" }).ShouldBe(
            Text(ordinary).Replace("\"schema\":1,", "\"schema\":12,", StringComparison.Ordinal));

    [Theory]
    [InlineData("v2")]
    [InlineData("seen_v")]
    [InlineData("seen_2")]
    [InlineData("seen_v2_again")]
    [InlineData("seen_v2x")]
    [InlineData("42")]
    public void A_type_without_a_schema_version_is_the_name(string type) =>
        Text(ordinary with { StoredType = type }).ShouldBe(
            Text(ordinary).Replace("correction_recorded", type, StringComparison.Ordinal));

    [Theory]
    [InlineData("seen_v0")]
    [InlineData("seen_v1")]
    [InlineData("seen_v02")]
    [InlineData("_v2")]
    [InlineData("seen_v2147483648")]
    public void A_type_that_looks_versioned_and_is_not_is_refused(string type) =>
        Refusal(ordinary with { StoredType = type }).ShouldContain($"`{type}`");

    [Fact]
    public void A_type_that_is_no_storable_text_is_refused()
    {
        // Not as data of a theory, which cannot carry them.
        foreach (var type in new[] { "", "nul\0", "half\ud800", "half\udc00pair" })
            Refusal(ordinary with { StoredType = type }).ShouldNotBeEmpty();
    }

    [Fact]
    public void An_entry_of_more_than_16_kib_is_refused()
    {
        var room = AuditEntry.MaxSize - ordinary.ToArray().Length + ordinary.StoredType.Length;

        (ordinary with { StoredType = new string('x', room) }).ToArray().Length.ShouldBe(AuditEntry.MaxSize);
        Refusal(ordinary with { StoredType = new string('x', room + 1) }).ShouldContain("16384");
    }

    [Theory]
    [InlineData("application")]
    [InlineData("enforcer")]
    [InlineData("agent")]
    [InlineData("operator")]
    [InlineData("auditor")]
    [InlineData("system")]
    public void The_actor_is_one_of_six_classes(string actor) =>
        Text(ordinary with { Actor = actor }).ShouldStartWith($"{{\"actor\":\"{actor}\",");

    [Theory]
    [InlineData("")]
    [InlineData("Application")]
    [InlineData("dr-ada")]
    public void Any_other_actor_is_refused(string actor) =>
        Refusal(ordinary with { Actor = actor }).ShouldContain($"`{actor}`");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1L << 53)]
    public void A_version_below_1_or_beyond_exact_numbers_is_refused(long version) =>
        Refusal(ordinary with { Version = version }).ShouldContain($"{version}");

    [Theory]
    [InlineData("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000000Z")]
    [InlineData("2026-03-01T12:00:00.1234569Z", "2026-03-01T12:00:00.123456Z")]
    [InlineData("2026-03-01T01:30:00.5+02:30", "2026-02-28T23:00:00.500000Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z")]
    public void The_time_is_in_utc_and_cut_to_six_digits(string at, string written) =>
        Text(ordinary with { At = DateTimeOffset.Parse(at, CultureInfo.InvariantCulture) })
            .ShouldContain($"\"at\":\"{written}\"");

    [Fact]
    public void The_culture_of_the_thread_does_not_matter()
    {
        var expected = Text(ordinary);
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.DateTimeFormat.TimeSeparator = "#";
        culture.DateTimeFormat.DateSeparator = "#";
        culture.NumberFormat.NegativeSign = "minus";
        var before = CultureInfo.CurrentCulture;

        CultureInfo.CurrentCulture = culture;
        try
        {
            Text(ordinary).ShouldBe(expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void An_entry_is_canonical_json_and_its_leaf_hash_that_of_its_bytes() =>
        Prop.ForAll(Entries, entry =>
        {
            Canonical.Form(entry.ToArray()).ShouldBe(Text(entry));
            entry.LeafHash().ShouldBe(Hashes.Leaf(entry.ToArray()));
            using var json = JsonDocument.Parse(entry.ToArray());
            json.RootElement.GetProperty("type").GetString().ShouldBe(entry.StoredType);
            json.RootElement.GetProperty("version").GetInt64().ShouldBe(entry.Version);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void A_refused_entry_writes_nothing()
    {
        var output = new ArrayBufferWriter<byte>();

        Should.Throw<AuditLogFormatException>(() => (ordinary with { Version = 0 }).WriteTo(output));
        output.WrittenCount.ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_key_or_salt_of_another_length_is_a_mistake_of_the_program(int length)
    {
        Should.Throw<ArgumentException>(() => Commitment.WriteSalt(new byte[length], eventId, new byte[32]));
        Should.Throw<ArgumentException>(() => Commitment.Of(new byte[length], "{}"u8));
    }

    [Fact]
    public void A_salt_with_no_room_is_a_mistake_of_the_program() =>
        Should.Throw<ArgumentException>(() => Commitment.WriteSalt(new byte[32], eventId, new byte[31]));

    [Fact]
    public void A_salt_is_the_HMAC_of_the_event_id() =>
        Prop.ForAll(ArbMap.Default.ArbFor<Guid>(), ArbMap.Default.ArbFor<int>(), (id, seed) =>
        {
            var (key, salt) = (new byte[Commitment.KeySize], new byte[Commitment.SaltSize]);
            new Random(seed).NextBytes(key);

            Commitment.WriteSalt(key, id, salt);

            salt.ShouldBe(HMACSHA256.HashData(key, id.ToByteArray(bigEndian: true)));
        }).Check(Config.QuickThrowOnFailure);

    static Arbitrary<AuditEntry> Entries { get; } =
        (from chance in Gen.Choose(0, int.MaxValue)
         from type in ArbMap.Default.ArbFor<NonEmptyString>().Generator
         select AnyEntry(new Random(chance), type.Get)).ToArbitrary();

    static AuditEntry AnyEntry(Random random, string type)
    {
        var (bytes, hash) = (new byte[32], new byte[32]);
        random.NextBytes(bytes);
        random.NextBytes(hash);
        var storable = new UTF8Encoding().GetString(Encoding.UTF8.GetBytes(type)).Replace('\0', '0');
        return new AuditEntry(
            "agent", new DateTimeOffset(random.NextInt64(DateTime.MaxValue.Ticks), TimeSpan.Zero), new LogHash(hash),
            new Guid(bytes.AsSpan(0, 16)), new Guid(bytes.AsSpan(16)), $"{storable}!", random.NextInt64(1, 1L << 53));
    }

    static byte[] Salt(Guid id)
    {
        var salt = new byte[Commitment.SaltSize];
        Commitment.WriteSalt(secret, id, salt);
        return salt;
    }

    static string Text(AuditEntry entry) => Encoding.UTF8.GetString(entry.ToArray());

    static string Refusal(AuditEntry entry)
    {
        Should.Throw<AuditLogFormatException>(() => entry.ToArray());
        return Should.Throw<AuditLogFormatException>(() => entry.LeafHash()).Message;
    }
}
