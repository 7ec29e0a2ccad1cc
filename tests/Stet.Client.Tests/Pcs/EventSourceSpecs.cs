using System.Text;
using Stet.Client.Pcs;
using Stet.Client.Tests.AuditLog;

namespace Stet.Client.Tests.Pcs;

public class EventSourceSpecs
{
    [Theory]
    [InlineData("timestamp,x,y,z\n1,0.10,2e0,-3\n")]
    [InlineData("\uFEFFtimestamp,x,y,z\r\n1,0.10,2e0,-3\r\n")]
    [InlineData("z,y,note,x,timestamp\n-3,2e0,\"a, \"\"b\"\"\",0.10,1")]
    [InlineData("timestamp,x,y,z\n\n\"1\",\"0.10\",2e0,-3,more\n\n")]
    public void Columns_are_found_by_name_and_texts_are_kept(string csv) =>
        Rows("rows.csv", csv).ShouldBe([(1.0, "0.10", "2e0", "-3")]);

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    public void JSON_lines_give_the_texts_of_their_numbers(string mark) => Rows(
        "rows.jsonl", mark + """
        {"timestamp":1.5,"x":1.0,"y":2E+1,"z":-0,"more":{"x":[1]}}

        {"z":3,"y":2,"x":1,"timestamp":2}
        """).ShouldBe([(1.5, "1.0", "2E+1", "-0"), (2.0, "1", "2", "3")]);

    [Theory]
    [InlineData("rows.csv", "timestamp,x,y\n1,2,3\n", 0, "column `z`")]
    [InlineData("rows.csv", "timestamp,x,y,z,x\n1,2,3,4,5\n", 0, "the column `x` is there twice")]
    [InlineData("rows.csv", "timestamp,x,y,z\n1,2,3,4\n1,2,3\n", 24, "too few columns")]
    [InlineData("rows.csv", "timestamp,x,y,z\n1,2,,4\n", 16, "`y` is not a finite number")]
    [InlineData("rows.csv", "timestamp,x,y,z\n1,2,NaN,4\n", 16, "`y` is not a finite number")]
    [InlineData("rows.csv", "timestamp,x,y,z\n1e999,2,3,4\n", 16, "`timestamp` is not a finite number")]
    [InlineData("rows.csv", "timestamp,x,y,z\n1,2,\"3,4\n", 16, "quoted value")]
    [InlineData("rows.jsonl", "{\"timestamp\":1,\"x\":1,\"y\":2}\n", 0, "is missing")]
    [InlineData("rows.jsonl", "{\"timestamp\":1,\"x\":\"1\",\"y\":2,\"z\":3}\n", 0, "must be numbers")]
    [InlineData("rows.jsonl", "{\"timestamp\":1,\"x\":1,\"y\":2,\"z\":3,\"x\":4}\n", 0, "twice")]
    [InlineData("rows.jsonl", "[1]\n", 0, "not a JSON object")]
    [InlineData("rows.jsonl", "{\"timestamp\":\n", 0, "not one JSON object")]
    [InlineData("rows.jsonl", "{\"timestamp\":1,\"x\":1,\"y\":2,\"z\":3} 5\n", 0, "JSON object")]
    [InlineData("rows.jsonl", "{\"\\ud800\":1,\"timestamp\":1,\"x\":1,\"y\":2,\"z\":3}\n", 0, "JSON object")]
    public void A_line_that_is_no_row_is_named_by_its_place(string file, string text, int at, string why)
    {
        var message = Should.Throw<AgentException>(() => Rows(file, text)).Message;
        message.ShouldContain($"at byte {at}:");
        message.ShouldContain(why);
    }

    [Fact]
    public void A_growing_file_gives_whole_lines_only()
    {
        using var folder = new TestFolder();
        var path = folder.Write("rows.csv", "timestamp,x");
        using var source = EventSource.Open(path);

        source.TryRead(out _, isWhole: false).ShouldBeFalse();
        File.AppendAllText(path, ",y,z\n1,2,3");
        source.TryRead(out _, isWhole: false).ShouldBeFalse();
        source.Position.ShouldBe(16);
        File.AppendAllText(path, ",4\n");
        source.TryRead(out var row, isWhole: false).ShouldBeTrue();
        Encoding.ASCII.GetString(row.Z).ShouldBe("4");
        source.Position.ShouldBe(24);
    }

    [Fact]
    public void Reading_goes_on_where_it_ended()
    {
        var text = new StringBuilder("y,x,timestamp,z\n");
        for (var i = 0; i < 20_000; i++) text.Append($"{i},{i}.5,{i},0\n");
        using var folder = new TestFolder();
        var path = folder.Write("rows.csv", text.ToString());

        using var first = EventSource.Open(path);
        for (var i = 0; i < 12_345; i++) first.TryRead(out _, isWhole: false).ShouldBeTrue();
        using var second = EventSource.Open(path, first.Position);

        second.TryRead(out var row, isWhole: false).ShouldBeTrue();
        (row.Timestamp, Encoding.ASCII.GetString(row.X)).ShouldBe((12_345, "12345.5"));
    }

    [Fact]
    public void A_file_that_became_shorter_is_not_the_one_that_was_read()
    {
        using var folder = new TestFolder();
        var path = folder.Write("rows.csv", "timestamp,x,y,z\n1,2,3,4\n");
        Should.Throw<AgentException>(() => EventSource.Open(path, 25)).Message.ShouldContain("shorter");

        using var source = EventSource.Open(path);
        source.TryRead(out _, isWhole: false).ShouldBeTrue();
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(3);
        Should.Throw<AgentException>(() => source.TryRead(out _, isWhole: false)).Message.ShouldContain("shorter");
    }

    [Fact]
    public void A_missing_file_and_one_without_lines_are_refused()
    {
        using var folder = new TestFolder();
        Should.Throw<AgentException>(() => EventSource.Open(folder.At("absent.csv"))).Message.ShouldContain("cannot be read");
        Should.Throw<AgentException>(() => Rows("rows.csv", new string('1', 3 << 20))).Message.ShouldContain("1 MiB");
    }

    static List<(double, string, string, string)> Rows(string file, string text)
    {
        using var folder = new TestFolder();
        using var source = EventSource.Open(folder.Write(file, text));
        var rows = new List<(double, string, string, string)>();
        while (source.TryRead(out var row, isWhole: true))
            rows.Add((row.Timestamp, Encoding.UTF8.GetString(row.X), Encoding.UTF8.GetString(row.Y), Encoding.UTF8.GetString(row.Z)));
        return rows;
    }
}
