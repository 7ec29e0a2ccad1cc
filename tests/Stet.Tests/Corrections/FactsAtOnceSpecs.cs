using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class FactsAtOnceSpecs
{
    [Fact]
    public async Task Requesters_who_ask_at_one_time_see_each_what_they_may_read()
    {
        var tenant = await Tenant.NewAsync();
        for (var n = 0; n < 5; n++) await tenant.RecordAsync(Correction($"field-{n}").Permitting(readers: [$"reader-{n}"], scopes: [$"scope-{n}"]));

        // By name, by the scope before another one, by the one behind it, by none.
        var asked = Enumerable.Range(0, 200).Select(i => (Field: i % 5, Requester: (i % 4) switch
        {
            0 => $"requester_id=reader-{i % 5}",
            1 => $"requester_id=nobody&requester_scopes=scope-{i % 5},other",
            2 => $"requester_id=nobody&requester_scopes=a,b,c,scope-{i % 5}",
            _ => "requester_id=nobody",
        })).ToArray();
        var answers = await Task.WhenAll(asked.Select(a => tenant.GetAsync($"/v1/facts?subject_type=patient&subject_id=p-17&{a.Requester}")));

        for (var i = 0; i < answers.Length; i++)
        {
            string[] readable = i % 4 == 3 ? [] : [$"field-{asked[i].Field}"];
            answers[i].Json["facts"]!.AsArray().Select(f => (string)f!["field_key"]!).ShouldBe(readable, asked[i].Requester);
        }
    }
}
