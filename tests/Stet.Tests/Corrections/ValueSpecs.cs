using System.Text;
using Stet.Corrections;

namespace Stet.Tests.Corrections;

public class ValueSpecs
{
    [Theory]
    [InlineData(""" { "b" : 1.0, "a" : [ true , null ] } """, """{"a":[true,null],"b":1}""")]
    [InlineData("1e2", "100")]
    [InlineData("-0", "0")]
    [InlineData("0.1", "0.1")]
    [InlineData("9007199254740992", "9007199254740992")]
    [InlineData("\"\\u00e9\\/\"", "\"é/\"")]
    public void A_value_is_kept_in_its_canonical_form(string json, string canonical) =>
        Parse(json).Json.ShouldBe(canonical);

    [Theory]
    [InlineData("1e400", "")]
    [InlineData("9007199254740993", "")]
    [InlineData("0.10000000000000001", "")]
    [InlineData("""{"dose":[1,9007199254740993]}""", "/dose/1")]
    [InlineData("""{"a/b":{"~":1e400}}""", "/a~1b/~0")]
    [InlineData("""{"a":"\u0000"}""", "/a")]
    [InlineData("""{"a":"\ud800"}""", "/a")]
    [InlineData("""{"a":{"\ud800":1}}""", "/a")]
    [InlineData("""{"a":1,"a":2}""", "/a")]
    [InlineData("""{"x":{"a":1,"\u0061":2}}""", "/x/a")]
    public void What_would_not_survive_storage_is_refused_where_it_stands(string json, string pointer) =>
        Should.Throw<FieldValueException>(() => Parse(json)).Pointer.ShouldBe(pointer);

    [Fact]
    public void A_value_of_sixteen_kibibytes_is_the_largest()
    {
        var largest = new string('x', FieldValue.MaxBytes - 2);

        FieldValue.Of(largest).Json.Length.ShouldBe(16 * 1024);
        Should.Throw<FieldValueException>(() => FieldValue.Of(largest + "x")).Message.ShouldContain("16 KiB");
    }

    [Fact]
    public void Values_are_nested_thirty_two_levels_at_most()
    {
        Parse(Nested(32)).Json.ShouldBe(Nested(32));
        Should.Throw<FieldValueException>(() => Parse(Nested(33)));

        static string Nested(int depth) => new string('[', depth) + new string(']', depth);
    }

    [Fact]
    public void Sets_of_texts_are_sorted_and_hold_each_once()
    {
        var set = StringSet.Of("b", "a", "B", "b");

        set.ShouldBe(["B", "a", "b"]);
        set.ShouldBe(StringSet.Of("a", "b", "B"));
        set.GetHashCode().ShouldBe(StringSet.Of("B", "b", "a").GetHashCode());
        set.Equals(StringSet.Of("a", "b")).ShouldBeFalse();
        StringSet.Of().ShouldBeSameAs(StringSet.Empty);
    }

    [Theory]
    [InlineData("019ca7c8-0000-7000-8000-000000000001", true)]
    [InlineData("019CA7C8-0000-7000-8000-000000000001", true)]
    [InlineData("019ca7c8000070008000000000000001", false)]
    [InlineData("{019ca7c8-0000-7000-8000-000000000001}", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void An_id_is_a_uuid_with_hyphens(string? text, bool isId) =>
        CorrectionId.TryParse(text, out _).ShouldBe(isId);

    static FieldValue Parse(string json) => FieldValue.Parse(Encoding.UTF8.GetBytes(json));
}
