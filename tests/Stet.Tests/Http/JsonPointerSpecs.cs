using System.Text;
using Stet.Corrections;
using Stet.Http;

namespace Stet.Tests.Http;

public class JsonPointerSpecs
{
    [Theory]
    [InlineData("""{"subject":5}""", "/subject")]
    [InlineData("""{"subject":{"type":[]}}""", "/subject/type")]
    [InlineData("""{"subject":{"type":"a","x":1}}""", "/subject/x")]
    [InlineData("{\n\n  \"subject\": {\n\"type\": 7}}", "/subject/type")]
    [InlineData("""{"a.b":1}""", "/a.b")]
    [InlineData("""{"a/b":1}""", "/a~1b")]
    [InlineData("""{"m~n":1}""", "/m~0n")]
    [InlineData("""{"it's [0]":1}""", "/it's [0]")]
    [InlineData("""{"\u0061.\"b":1}""", "/a.\"b")]
    [InlineData("""{"":1}""", "/")]
    [InlineData("""{"permissions":{"readers":["a",null]}}""", "/permissions/readers/1")]
    [InlineData("""{"value":{"a":[1,{"b.c":1e400}]}}""", "/value/a/1/b.c")]
    [InlineData("""{"value":[{"a":1,"a":2}]}""", "/value/0/a")]
    [InlineData("""{"reason":"a","reason":"b"}""", "/reason")]
    [InlineData("""{"reason":"\ud800"}""", "/reason")]
    [InlineData("""{"subject":{"\ud800":1}}""", "/subject")]
    [InlineData("""{"reason":"a",}""", "")]
    [InlineData("""{"subject":{"type":tru}}""", "/subject/type")]
    [InlineData("""{"subject":{"type":"a" "id":"b"}}""", "/subject")]
    [InlineData("[]", "")]
    [InlineData("", "")]
    [InlineData("{} {}", "")]
    public void A_refusal_names_the_member(string json, string pointer) =>
        Pointer(json).ShouldBe(pointer);

    [Theory]
    [InlineData("""{"field_key":5}""", "must be a text")]
    [InlineData("""{"subject":[]}""", "must be a JSON object")]
    [InlineData("""{"subject":{"type":{}}}""", "must be a text")]
    [InlineData("[]", "must be a JSON object")]
    public void A_member_of_the_wrong_type_is_told_the_right_one(string json, string message)
    {
        var (_, problem) = RequestBody.Parse(Encoding.UTF8.GetBytes(json), CorrectionsHttpJson.Default.CorrectionRequest);

        problem!.Errors.Single().Message.ShouldBe(message);
    }

    [Theory]
    [InlineData("""{"atomic":"yes"}""", "/atomic", "must be true or false")]
    [InlineData("""{"corrections":{}}""", "/corrections", "must be a list")]
    [InlineData("""{"corrections":[5]}""", "/corrections/0", "must be a JSON object")]
    public void Members_of_a_batch_are_told_likewise(string json, string pointer, string message)
    {
        var (_, problem) = RequestBody.Parse(Encoding.UTF8.GetBytes(json), CorrectionsHttpJson.Default.CorrectionsRequest);

        problem!.Errors.Single().ShouldBe(new MemberError(pointer, message));
    }

    [Fact]
    public void A_refusal_within_a_part_of_the_body_is_named_from_the_root()
    {
        var (_, problem) = RequestBody.Parse(
            """{"value":{"x/y":1e400}}"""u8, CorrectionsHttpJson.Default.CorrectionRequest, "/corrections/3");

        problem!.Errors.Single().Pointer.ShouldBe("/corrections/3/value/x~1y");
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_where_they_stand()
    {
        var (_, problem) = RequestBody.Parse(
            [.. """{"reason":"""u8, (byte)'"', 0xC3, 0x28, (byte)'"', (byte)'}'], CorrectionsHttpJson.Default.CorrectionRequest);

        problem!.Errors.Single().Pointer.ShouldBe("/reason");
    }

    static string Pointer(string json)
    {
        var (_, problem) = RequestBody.Parse(Encoding.UTF8.GetBytes(json), CorrectionsHttpJson.Default.CorrectionRequest);

        problem.ShouldNotBeNull().Code.ShouldBeOneOf("invalid_request", "data_not_canonical");
        return problem.Errors.Single().Pointer;
    }
}
