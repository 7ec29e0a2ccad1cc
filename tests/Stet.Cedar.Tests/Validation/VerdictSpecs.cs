using System.Collections.Concurrent;
using System.Text.Json;
using Stet.Cedar.Tests.Conformance;

namespace Stet.Cedar.Tests.Validation;

public class VerdictSpecs
{
    [Fact]
    public void Every_verdict_on_the_fuzzed_corpus_is_that_of_the_Cedar_project()
    {
        var (files, tests) = (CorpusArchive.Files, CorpusArchive.Tests);
        var differences = new ConcurrentBag<string>();
        var negative = 0;

        Parallel.ForEach(tests, name =>
        {
            using var test = JsonDocument.Parse(files[name]);
            var isValid = test.RootElement.GetProperty("shouldValidate").GetBoolean();
            if (!isValid) Interlocked.Increment(ref negative);

            var difference = Difference(name, Of(files, test, "schema"), Of(files, test, "policies"), isValid);
            if (difference is not null) differences.Add(difference);
        });

        differences.ShouldBeEmpty();
        tests.Count.ShouldBe(7_809);
        negative.ShouldBe(1_619);
    }

    [Fact]
    public void Every_verdict_on_the_representative_cases_is_that_of_the_Cedar_project()
    {
        var differences = new List<string?>();

        foreach (var line in File.ReadLines(SharedData.PathOf("representative/cases.jsonl")).Where(line => line.Length > 0))
        {
            var test = JsonElement.Parse(line);
            string Text(string member) => test.GetProperty(member).GetString()!;

            differences.Add(Difference(
                Text("id"), Text("schema"), Text("policy"), test.GetProperty("validation").GetProperty("strict").GetBoolean()));
        }

        differences.Count.ShouldBe(379);
        differences.Where(difference => difference is not null).ShouldBeEmpty();
    }

    [Fact]
    public void Every_verdict_on_the_written_tests_is_that_of_the_Cedar_project()
    {
        var tests = Directory.GetFiles(SharedData.PathOf("tests"), "*.json", SearchOption.AllDirectories);

        tests.Length.ShouldBe(22);
        tests.Select(Difference).Where(difference => difference is not null).ShouldBeEmpty();
    }

    static string? Difference(string file)
    {
        var test = JsonElement.Parse(File.ReadAllBytes(file));
        return Difference(
            file, SharedData.Text(test.GetProperty("schema").GetString()!), SharedData.Text(test.GetProperty("policies").GetString()!),
            test.GetProperty("shouldValidate").GetBoolean());
    }

    static string? Difference(string name, string schemaText, string policies, bool isValid)
    {
        var schema = Schema.Parse(schemaText, CedarLimits.Default);
        if (schema.Value is null) return $"{name}: the schema is refused: {schema.Findings[0].Message}";

        var validated = schema.Value.Validate(Cedar.Policies(policies));
        return validated.Value is not null == isValid
            ? null
            : $"{name}: expected {isValid}, and found {string.Join("; ", validated.Findings.Select(finding => finding.Message))}";
    }

    static string Of(IReadOnlyDictionary<string, string> files, JsonDocument test, string member) =>
        files[test.RootElement.GetProperty(member).GetString()!];
}
