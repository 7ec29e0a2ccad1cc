using System.Collections.Concurrent;
using System.Text.Json;
using Stet.Cedar.Tests.Conformance;

namespace Stet.Cedar.Tests.Validation;

public class CorpusDataSpecs
{
    [Fact]
    public void Requests_and_entities_of_the_corpus_fit_their_schemas()
    {
        // Every fourth, which all are alike in this.
        var files = CorpusArchive.Files;
        var tests = CorpusArchive.Tests.Where((_, position) => position % 4 == 0);
        var misfits = new ConcurrentBag<string>();

        Parallel.ForEach(tests, name =>
        {
            using var test = JsonDocument.Parse(files[name]);
            string Of(string member) => files[test.RootElement.GetProperty(member).GetString()!];
            var schema = Schemas.Of(Of("schema"));

            foreach (var entity in Cedar.Entities(Of("entities")).All)
                foreach (var finding in schema.Check(entity)) misfits.Add($"{name}: {finding.Message}");

            foreach (var json in test.RootElement.GetProperty("requests").EnumerateArray())
            {
                if (json.TryGetProperty("validateRequest", out var isAsked) && !isAsked.GetBoolean()) continue;
                foreach (var finding in schema.Check(ConformanceCase.Request(json))) misfits.Add($"{name}: {finding.Message}");
            }
        });

        misfits.ShouldBeEmpty();
    }
}
