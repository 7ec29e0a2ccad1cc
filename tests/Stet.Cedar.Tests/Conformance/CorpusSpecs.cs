using System.Collections.Concurrent;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;

namespace Stet.Cedar.Tests.Conformance;

public class CorpusSpecs
{
    [Fact]
    public void Every_decision_of_the_fuzzed_corpus_comes_out_as_the_Cedar_project_says()
    {
        var files = Files();
        var tests = files.Keys.Where(name => name.EndsWith(".json") && !name.EndsWith(".entities.json")).ToList();
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

    static string Of(Dictionary<string, string> files, JsonDocument test, string member) =>
        files[test.RootElement.GetProperty(member).GetString()!];

    static Dictionary<string, string> Files()
    {
        var files = new Dictionary<string, string>();
        using var archive = File.OpenRead(SharedData.PathOf("corpus-tests.tar.gz"));
        using var tar = new TarReader(new GZipStream(archive, CompressionMode.Decompress));

        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is not { } content) continue;
            using var reader = new StreamReader(content);
            files.Add(entry.Name, reader.ReadToEnd());
        }

        return files;
    }
}
