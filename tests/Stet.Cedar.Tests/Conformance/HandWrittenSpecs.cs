using System.Text.Json;

namespace Stet.Cedar.Tests.Conformance;

public class HandWrittenSpecs
{
    [Fact]
    public void Every_decision_of_the_hand_written_tests_comes_out_as_the_Cedar_project_says()
    {
        var files = Directory.EnumerateFiles(SharedData.PathOf("tests"), "*.json", SearchOption.AllDirectories).ToList();
        var requests = 0;

        foreach (var file in files)
        {
            var test = JsonElement.Parse(File.ReadAllBytes(file));
            var entities = SharedData.Text(test.GetProperty("entities").GetString()!);
            var schema = Schemas.Of(SharedData.Text(test.GetProperty("schema").GetString()!));
            var loaded = ConformanceCase.Load(SharedData.Text(test.GetProperty("policies").GetString()!), entities, shapes: schema);

            loaded.Differences(test.GetProperty("requests"), file, schema).ShouldBeEmpty();
            requests += test.GetProperty("requests").GetArrayLength();
        }

        files.Count.ShouldBe(22);
        requests.ShouldBe(74);
    }
}
