using System.Text.Json.Nodes;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

/// <summary>Random chains of corrections, read by everybody, against the permission rule in a dozen lines.</summary>
public class PermissionLaws
{
    static readonly string[] People = ["ann", "ben", "cat"];
    static readonly string[] Groups = ["care", "ward"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Everybody_reads_what_the_rule_says_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var tenant = await Tenant.NewAsync();
        var fields = new List<Field>();
        foreach (var key in (string[])["a", "b", "c"]) fields.Add(await RandomField(tenant, key, random));
        var last = fields[^1].Log[^1].Ended ?? fields[^1].Log[^1].Position;

        foreach (var person in People.Append("dan"))
            foreach (var groups in (string[][])[[], ["care"], ["ward", "other"]])
            {
                var who = new Who(person, groups);
                await ReadsFacts(tenant, fields, who, last);
                await ReadsHistory(tenant, fields, who);
            }
    }

    static async Task ReadsFacts(Tenant tenant, List<Field> fields, Who who, long last)
    {
        foreach (var position in Enumerable.Range(0, (int)last + 1).Select(p => (long?)p).Append(null))
        {
            var expected = fields
                .Where(f => f.At(position ?? last) is { IsFact: true } standing && who.MayRead(standing) && who.MayRead(f.Newest))
                .Select(f => f.At(position ?? last)!.Id);
            var asOf = position is null ? "" : $"&as_of={position}";

            var facts = await tenant.GetAsync($"/v1/facts?{who.Query}{asOf}");
            var block = await tenant.GetAsync($"/v1/facts/context?{who.Query}{asOf}&format=json");

            Ids(facts.Json["facts"]!).ShouldBe(expected, $"{who.Query}{asOf}");
            Ids(block.Json["facts"]!).ShouldBe(expected);
        }
    }

    static async Task ReadsHistory(Tenant tenant, List<Field> fields, Who who)
    {
        var expected = (
            from field in fields
            from own in field.Log
            where who.MayRead(own) && who.MayRead(field.Newest)
            orderby own.Position descending
            select (own.Id, Neighbour(field, own, -1), Neighbour(field, own, +1))).ToList();

        var history = (await tenant.GetAsync($"/v1/history?{who.Query}&include_revoked=true&limit=2")).Json;
        var page = history["corrections"]!.AsArray();
        page.Select(Places).ShouldBe(expected.Take(2));
        (history["next_cursor"] is null).ShouldBe(expected.Count <= 2, "a page tells of nothing that comes after");

        foreach (var correction in fields.SelectMany(f => f.Log))
        {
            var answer = await tenant.GetAsync($"/v1/corrections/{correction.Id}?{who.Requester}");
            var place = expected.Where(e => e.Id == correction.Id).ToList();
            if (place.Count == 0) answer.ShouldBeProblem(404, "correction_not_found");
            else Places(answer.Json).ShouldBe(place[0]);
        }

        string? Neighbour(Field field, Step own, int way)
        {
            var chain = field.Log.Where(who.MayRead).ToList();
            var index = chain.IndexOf(own) + way;
            if (index < 0 || index == chain.Count) return null;
            return chain[way < 0 ? index : index - 1].IsRevoked ? null : chain[index].Id;
        }
    }

    static async Task<Field> RandomField(Tenant tenant, string key, Random random)
    {
        var field = new Field([]);
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            string[] readers = Some(People), scopes = Some(Groups), deny = Some(People);
            if (readers.Length + scopes.Length == 0) readers = ["ann"];
            var isFact = random.Next(4) > 0;
            var receipt = await tenant.RecordAsync(
                Correction(key, i).Permitting(readers, scopes, deny).With("class", isFact ? "FACT" : "DISCARDABLE"));
            var step = new Step((string)receipt["correction_id"]!, (long)receipt["position"]!, isFact, readers, scopes, deny);
            // The event that ends the one before is recorded just before the one that takes its place.
            if (field.Log.Count > 0) field.Log[^1].Ended ??= step.Position - 1;
            field.Log.Add(step);

            if (random.Next(4) > 0) continue;
            var revoked = await tenant.PostAsync($"/v1/corrections/{step.Id}/revoke", Revocation());
            (step.Ended, step.IsRevoked) = ((long)revoked.Json["position"]!, true);
        }

        return field;

        string[] Some(string[] of) => [.. of.Where(_ => random.Next(3) == 0)];
    }

    static IEnumerable<string> Ids(JsonNode list) => list.AsArray().Select(c => (string)c!["correction_id"]!);

    static (string, string?, string?) Places(JsonNode? correction) =>
        ((string)correction!["correction_id"]!, (string?)correction["supersedes"], (string?)correction["superseded_by"]);

    sealed record Who(string Id, string[] Scopes)
    {
        public string Query =>
            $"subject_type=patient&subject_id=p-17&{Requester}";

        public string Requester => $"requester_id={Id}&requester_scopes={string.Join(',', Scopes)}";

        public bool MayRead(Step step) =>
            !step.Deny.Contains(Id) && (step.Readers.Contains(Id) || step.Scopes.Intersect(Scopes).Any());
    }

    sealed record Field(List<Step> Log)
    {
        public Step Newest => Log[^1];

        public Step? At(long position) => Log.SingleOrDefault(s => s.Position <= position && !(s.Ended <= position));
    }

    sealed record Step(string Id, long Position, bool IsFact, string[] Readers, string[] Scopes, string[] Deny)
    {
        public long? Ended { get; set; }

        public bool IsRevoked { get; set; }
    }
}
