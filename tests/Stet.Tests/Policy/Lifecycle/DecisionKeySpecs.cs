using System.Text;
using Stet.Policy.Lifecycle;

namespace Stet.Tests.Policy.Lifecycle;

public class DecisionKeySpecs
{
    const string Stored = """
        {"now": "2026-11-23T09:30:00.123456Z", "pep": {"id": "gate"}, "item": 3, "action": {"name": "read"}, "dropped": ["x"],
         "sources": {"request": ["a"]}, "subject": {"id": "ada", "type": "user"}, "batch_id": "b", "resource": {"id": "d", "type": "doc"},
         "effective": {"decision": true}, "request_id": "r", "entity_position": 7, "evaluation_id": "e"}
        """;

    [Theory]
    [InlineData("09:30:00.123456Z", "09:31:00.000000Z")]
    [InlineData("\"item\": 3", "\"item\": 4")]
    [InlineData("[\"x\"]", "[]")]
    [InlineData("[\"a\"]", "[\"b\"]")]
    [InlineData("\"b\"", "\"c\"")]
    [InlineData("\"r\"", "\"s\"")]
    [InlineData("\"e\"", "\"f\"")]
    public void Ids_time_and_notes_make_no_other_question(string part, string other) => KeyOf(Stored.Replace(part, other)).ShouldBe(KeyOf(Stored));

    [Theory]
    [InlineData("\"gate\"", "\"door\"")]
    [InlineData("\"read\"", "\"write\"")]
    [InlineData("\"ada\"", "\"bob\"")]
    [InlineData("\"d\"", "\"e\"")]
    [InlineData("true", "false")]
    [InlineData("7", "8")]
    [InlineData("\"effective\"", "\"something\"")]
    public void Whatever_else_differs_does(string part, string other) => KeyOf(Stored.Replace(part, other)).ShouldNotBe(KeyOf(Stored));

    [Fact]
    public void The_time_is_read_beside_it()
    {
        var key = new DecisionKey();

        key.Read(Encoding.UTF8.GetBytes(Stored));
        key.Now.ShouldBe(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero).AddTicks(1_234_560));
        key.Read("{}"u8);
        key.Now.ShouldBe(default);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    public void What_is_no_object_counts_whole(string json) => KeyOf(json).ShouldBe(json);

    static string KeyOf(string json)
    {
        var key = new DecisionKey();
        key.Read(Encoding.UTF8.GetBytes(json));
        return Encoding.UTF8.GetString(key.Text);
    }
}
