using System.Text;
using Stet.Client.AuditLog;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.Tests.AuditLog;

public class AuditEntrySpecs
{
    const string Vector =
        """{"actor":"application","at":"2026-03-01T12:00:00.123456Z","commit":"X/hIEqe5r+lH6EYLd/eDytEr3nzBBkJ6c3ClgCCgDQs=","id":"01930a5e-7c00-7abc-8def-012345678900","schema":1,"stream":"5c1e0b7a-6f2d-8a3b-9c4d-5e6f708192a3","type":"correction_recorded","v":1,"version":1}""";

    [Fact]
    public void The_vector_is_an_entry_with_the_leaf_hash_of_the_vector()
    {
        Problem(Vector).ShouldBeNull();
        Convert.ToHexStringLower(MerkleProof.LeafHash(Encoding.UTF8.GetBytes(Vector)))
            .ShouldBe("b12efc1fa43ea32ca513b0964647e14b50e112c66e0b554226904ce568d6db0b");
    }

    [Theory]
    [InlineData("\"application\"", "\"somebody\"", "has no `actor` that is a known class")]
    [InlineData("\"actor\"", "\"Actor\"", "has no `actor` that is a known class")]
    [InlineData("{", "{ ", "has no `actor` that is a known class")]
    [InlineData(".123456Z", ".123Z", "has no `at` in UTC with six digits of a second")]
    [InlineData("2026-03-01", "2026-02-29", "has no `at` in UTC with six digits of a second")]
    [InlineData("2026-03-01", "2026-13-01", "has no `at` in UTC with six digits of a second")]
    [InlineData("T12:", "T24:", "has no `at` in UTC with six digits of a second")]
    [InlineData("Qs=", "Qt=", "has no `commit` that is base64 of 32 bytes")]
    [InlineData("X/hI", "X_hI", "has no `commit` that is base64 of 32 bytes")]
    [InlineData("7abc", "7ABC", "has no `id` that is a lower-case UUID")]
    [InlineData("01930a5e-", "01930a5e", "has no `id` that is a lower-case UUID")]
    [InlineData("\"schema\":1", "\"schema\":0", "has no `schema` of at least 1")]
    [InlineData("\"schema\":1", "\"schema\":01", "has no `schema` of at least 1")]
    [InlineData("\"schema\":1", "\"schema\":1.0", "has no `stream` that is a lower-case UUID")]
    [InlineData("5c1e0b7a-", "5c1e0b7g-", "has no `stream` that is a lower-case UUID")]
    [InlineData("correction_recorded", "", "has no `type` that is an event's name")]
    [InlineData("correction_recorded", "correction_recorded_v2", "has no `type` that is an event's name")]
    [InlineData("correction_recorded", "a\\u0062", "has no `type` that is an event's name")]
    [InlineData("\"v\":1", "\"v\":2", "has no `v` of 1")]
    [InlineData("\"version\":1", "\"version\":0", "has no `version` of at least 1 as its last member")]
    [InlineData("\"version\":1", "\"version\":1,\"x\":1", "has no `version` of at least 1 as its last member")]
    [InlineData("\"version\":1", "\"version\":9007199254740993", "has no `version` of at least 1 as its last member")]
    [InlineData("\"version\":1", "\"version\":1}", "has no `version` of at least 1 as its last member")]
    public void An_entry_of_another_shape_is_refused_with_what_is_wrong(string part, string instead, string problem) =>
        Problem(Vector.Replace(part, instead)).ShouldBe(problem);

    [Theory]
    [InlineData("recorded_v")]
    [InlineData("recorded2")]
    [InlineData("v2")]
    [InlineData("prüfung")]
    public void Names_that_only_look_like_a_version_are_names(string type) =>
        Problem(Vector.Replace("correction_recorded", type)).ShouldBeNull();

    [Fact]
    public void Every_prefix_of_an_entry_is_refused()
    {
        for (var i = 0; i < Vector.Length; i++) Problem(Vector[..i]).ShouldNotBeNull();
    }

    [Fact]
    public void An_entry_beyond_16_KiB_is_refused() =>
        Problem(Vector.Replace("correction_recorded", new string('a', 16384))).ShouldBe("is longer than 16 KiB");

    static string? Problem(string entry)
    {
        AuditEntry.TryParse(Encoding.UTF8.GetBytes(entry), out _, out var problem).ShouldBe(problem is null);
        return problem;
    }
}
