using System.Collections.Concurrent;
using System.Text.Json;

namespace Stet.Cedar.Tests.Conformance;

public class CorpusSpecs
{
    [Fact]
    public void Every_decision_of_the_fuzzed_corpus_comes_out_as_the_Cedar_project_says()
    {
        var (files, tests) = (CorpusArchive.Files, CorpusArchive.Tests);
        var differences = new ConcurrentBag<string>();
        var requests = 0;

        Parallel.ForEach(tests, name =>
        {
            using var test = JsonDocument.Parse(files[name]);
            var loaded = ConformanceCase.Load(Of(files, test, "policies"), Of(files, test, "entities"));
            var asked = test.RootElement.GetProperty("requests");
            foreach (var difference in loaded.Differences(asked, name)) differences.Add(difference);
            Interlocked.Add(ref requests, asked.GetArrayLength());
        });

        differences.ShouldBeEmpty();
        tests.Count.ShouldBe(7_809);
        requests.ShouldBe(62_472);
    }

    [Fact]
    public void Every_decision_of_the_representative_cases_comes_out_as_the_Cedar_project_says()
    {
        var requests = 0;
        var differences = new List<string>();

        foreach (var line in File.ReadLines(SharedData.PathOf("representative/cases.jsonl")).Where(line => line.Length > 0))
        {
            using var test = JsonDocument.Parse(line);
            var root = test.RootElement;
            var loaded = ConformanceCase.Load(root.GetProperty("policy").GetString()!, root.GetProperty("entities").GetRawText());
            differences.AddRange(loaded.Differences(root.GetProperty("requests"), root.GetProperty("id").GetString()!));
            requests += root.GetProperty("requests").GetArrayLength();
        }

        differences.ShouldBeEmpty();
        requests.ShouldBe(584);
    }

    static string Of(IReadOnlyDictionary<string, string> files, JsonDocument test, string member) =>
        files[test.RootElement.GetProperty(member).GetString()!];
}
