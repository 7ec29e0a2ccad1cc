namespace Stet.Tests.CommandLine;

public sealed class PolicyTestSpecs
{
    const string Test = """
        {
          "name": "nobody writes",
          "request": {
            "subject": {"type": "User", "id": "ada"}, "action": {"name": "write"}, "resource": {"type": "Doc", "id": "plan"},
            "now": "2026-03-02T12:00:00Z"
          },
          "expected": {"decision": false}
        }
        """;

    [Theory]
    [InlineData("[TEST]")]
    [InlineData("\n TEST\n")]
    [InlineData("{\"test\": TEST, \"position\": 7}")]
    [InlineData("[{\"test\": TEST, \"position\": 7}]")]
    public async Task A_file_holds_tests_in_a_list_or_a_single_one_also_as_a_promotion_answers_it(string file)
    {
        var run = await new PolicyFolder().Write("tests/mine.json", file.Replace("TEST", Test)).RunAsync("test");

        run.ExitCode.ShouldBe(0, run.Output + run.Errors);
        run.Output.ShouldStartWith("1 tests passed");
    }

    [Fact]
    public async Task A_single_test_that_fails_is_named_where_it_begins()
    {
        var run = await new PolicyFolder().Write("tests/mine.json", $"\n  {Test.Replace("false", "true")}").RunAsync("test");

        run.ExitCode.ShouldBe(1);
        run.Output.ShouldStartWith("tests/mine.json:2:3: nobody writes: ");
    }

    [Theory]
    [InlineData("tests/mine.json", "7", "tests/mine.json:1:1: The file has to hold a list of {name, request, entities?, expected}, or one of them.")]
    [InlineData("tests/mine.json", "{}", "tests/mine.json:1:1: A test is `{name, request, entities?, expected}`, and its name a text.")]
    [InlineData("tests/mine.json", "{\"test\": []}", "tests/mine.json:1:1: A test is `{name, request, entities?, expected}`, and its name a text.")]
    [InlineData("tests/mine.json", "{\"name\": 1,", "tests/mine.json:1:11: The JSON is malformed here.")]
    [InlineData("tests/entities.json", "{}", "tests/entities.json:1:1: The file has to hold a list.")]
    public async Task A_file_that_holds_no_tests_is_told_what_is_wanted(string file, string json, string finding)
    {
        var run = await new PolicyFolder().Write(file, json).RunAsync("test");

        run.ExitCode.ShouldBe(1, run.Output);
        run.Output.ShouldStartWith(finding);
    }
}
