using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Stet.EventStore;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Corrections;

public class BatchSpecs
{
    const string Url = "/v1/corrections/batch";

    [Fact]
    public async Task Each_correction_is_answered_in_order()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync(Url, Batch(Correction("a"), Correction("b"), Correction("a", "mild")));

        answer.Status.ShouldBe(201);
        Statuses(answer).ShouldBe([201, 201, 201]);
        ((int)answer.Json["recorded"]!).ShouldBe(3);
        ((long)answer.Json["position"]!).ShouldBe(4);
        answer.Headers["Stet-Position"].ShouldBe("4");
        Item(answer, 2)["correction"]!["supersedes"]!.ToString().ShouldBe(Item(answer, 0)["correction"]!["correction_id"]!.ToString());
        (await Values(tenant)).ShouldBe(["\"mild\"", "\"severe\""]);
    }

    [Fact]
    public async Task The_first_batch_of_a_tenant_is_recorded_in_order()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync(Url, Batch([.. Enumerable.Range(0, 500).Select(i => Correction("a", i))]));

        Statuses(answer).ShouldAllBe(s => s == 201);
        (await Values(tenant)).ShouldBe(["499"]);
        answer.Json["results"]!.AsArray().Select(r => (long)r!["correction"]!["position"]!)
            .ShouldBe(Enumerable.Range(0, 500).Select(i => (2L * i) + 1));
    }

    [Fact]
    public async Task Each_for_itself_a_wrong_one_is_no_problem_of_the_others()
    {
        var tenant = await Tenant.NewAsync();
        var standing = (string)(await tenant.RecordAsync(Correction("taken").With("idempotency_key", "taken")))["correction_id"]!;
        var body = Batch(
            Correction("a"),
            Correction("b").Without("actor"),
            Correction("c").With("supersedes", standing),
            Correction("d", "@value"),
            Correction("e").With("idempotency_key", "taken"),
            Correction("f").With("unknown/member", 1),
            JsonValue.Create(7),
            null,
            Correction("g", "@twice"),
            Correction("taken").With("idempotency_key", "taken"),
            Correction("h", "@deep"));

        var answer = await tenant.PostTextAsync(Url, body.ToJsonString()
            .Replace("\"@value\"", """{"x.y":[1e400]}""").Replace("\"@twice\"", """{"a":1,"a":2}""")
            .Replace("\"@deep\"", new string('[', 5_000) + new string(']', 5_000)));

        answer.Status.ShouldBe(200);
        Statuses(answer).ShouldBe([201, 400, 409, 400, 409, 400, 400, 400, 400, 200, 400]);
        ((int)answer.Json["recorded"]!).ShouldBe(2);
        Problem(answer, 1).ShouldBe(("invalid_request", "/corrections/1/actor"));
        Problem(answer, 2).ShouldBe(("supersedes_not_active", null));
        Problem(answer, 3).ShouldBe(("data_not_canonical", "/corrections/3/value/x.y/0"));
        Problem(answer, 4).ShouldBe(("idempotency_conflict", null));
        Problem(answer, 5).ShouldBe(("invalid_request", "/corrections/5/unknown~1member"));
        Problem(answer, 6).ShouldBe(("invalid_request", "/corrections/6"));
        Problem(answer, 7).ShouldBe(("invalid_request", "/corrections/7"));
        Problem(answer, 8).ShouldBe(("data_not_canonical", "/corrections/8/value/a"));
        Item(answer, 10)["problem"]!["detail"]!.ToString().ShouldContain("nested deeper than 32 levels");
        Item(answer, 1)["problem"]!["detail"]!.ToString().ShouldStartWith("`/corrections/1/actor` is required");
        (await Values(tenant)).Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_batch_that_meets_a_full_queue_is_told_when_to_come_back()
    {
        await using var service = await TestService.StartAsync();
        var store = service.Services.GetRequiredService<Store>();
        var tenantId = TestService.NewTenantId();
        var tenant = new Tenant(service.Client(tenantId));
        await tenant.RecordAsync(Correction("first"));
        await using var database = await service.Database.OpenAsync();
        await using var hold = await database.BeginTransactionAsync();
        await using (var hinder = new NpgsqlCommand("lock table stet.mt_events in exclusive mode", database)) await hinder.ExecuteNonQueryAsync();

        // One is being committed, and the queue is filled with others behind it.
        var held = tenant.PostAsync("/v1/corrections", Correction("held"));
        await using (var blocked = new NpgsqlCommand("select exists (select from pg_locks where not granted and relation = 'stet.mt_events'::regclass)", database))
            while (!(bool)(await blocked.ExecuteScalarAsync())!) await Task.Delay(10);
        var nothing = new StreamCommand<NoState>(StateType.Stateless("corrections"), Guid.Empty, (_, _) => []);
        var filling = new List<Task>();
        for (var looks = 0; looks < 20; looks++) // the writer takes some from the queue to decide them ahead
        {
            while (store.Waiting < 9_900) filling.Add(store.AppendAsync(tenantId, new EventMetadata("application"), nothing, CancellationToken.None));
            await Task.Delay(10);
        }

        var some = tenant.PostAsync(Url, Batch([.. Enumerable.Range(0, 200).Select(i => Correction($"some.{i}"))]));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (store.Waiting < 10_000) await Task.Delay(10, limit.Token);
        var none = await tenant.PostAsync(Url, Batch(Correction("a"), Correction("b").Without("actor")));
        await hold.RollbackAsync();
        var answer = await some;
        await Task.WhenAll([held, .. filling]);

        none.ShouldBeProblem(503, "store_busy");
        none.Headers["Retry-After"].ShouldBe("1");
        answer.Status.ShouldBe(200);
        answer.Headers["Retry-After"].ShouldBe("1");
        Statuses(answer).Distinct().Order().ShouldBe([201, 503]);
        answer.Text.ShouldNotContain("\"errors\"");
    }

    [Fact]
    public async Task An_atomic_batch_is_recorded_whole()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync(Url, Batch(Correction("a"), Correction("b")).With("atomic", true));

        answer.Status.ShouldBe(201);
        Statuses(answer).ShouldBe([201, 201]);
    }

    [Theory]
    [InlineData("supersedes", "019ca7c8-0000-7000-8000-000000000001", 409)]
    [InlineData("field_key", "", 400)]
    public async Task An_atomic_batch_with_one_refused_records_nothing(string member, string value, int status)
    {
        var tenant = await Tenant.NewAsync();
        var body = Batch(Correction("a"), Correction("b").With(member, value), Correction("c")).With("atomic", true);

        var refused = await tenant.PostAsync(Url, body);

        refused.Status.ShouldBe(409);
        Statuses(refused).ShouldBe([409, status, 409]);
        Problem(refused, 0).ShouldBe(("not_recorded", null));
        Problem(refused, 2).ShouldBe(("not_recorded", null));
        ((int)refused.Json["recorded"]!).ShouldBe(0);
        (await Values(tenant)).ShouldBeEmpty();
        (await tenant.PostAsync("/v1/corrections", body["corrections"]![0]!)).Status.ShouldBe(201, "its key was not used up");
    }

    [Fact]
    public async Task What_an_undone_batch_repeated_of_itself_is_undone_with_it()
    {
        var tenant = await Tenant.NewAsync();
        var twice = Correction("a");
        var refused = Correction("b").With("supersedes", "019ca7c8-0000-7000-8000-000000000001");

        var answer = await tenant.PostAsync(Url, Batch(twice, twice.DeepClone(), refused).With("atomic", true));

        Statuses(answer).ShouldBe([409, 409, 409]);
        (await Values(tenant)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"supersedes":"019ca7c8-0000-7000-8000-000000000001"}""", "true")]
    [InlineData("""{"idempotency_key":"of a"}""", "true")]
    [InlineData("""{"field_key":null}""", "true")]
    [InlineData("""{"field_key":null}""", "false")]
    public async Task A_batch_that_records_nothing_tells_the_position_of_the_log(string fault, string atomic)
    {
        var tenant = await Tenant.NewAsync();
        var standing = await tenant.RecordAsync(Correction("x"));
        var faulty = Correction("b");
        foreach (var (member, value) in JsonNode.Parse(fault)!.AsObject()) faulty[member] = value?.DeepClone();
        var items = atomic == "true" ? Batch(Correction("a").With("idempotency_key", "of a"), faulty) : Batch(faulty);

        var answer = await tenant.PostAsync(Url, items.With("atomic", atomic == "true"));

        ((int)answer.Json["recorded"]!).ShouldBe(0);
        ((long)answer.Json["position"]!).ShouldBe((long)standing["position"]!);
        answer.Headers["Stet-Position"].ShouldBe(standing["position"]!.ToString());
    }

    [Fact]
    public async Task A_repeated_batch_gets_the_first_receipts()
    {
        var tenant = await Tenant.NewAsync();
        var body = Batch(Correction("a"), Correction("b")).With("atomic", true);
        var first = await tenant.PostAsync(Url, body);

        var again = await tenant.PostAsync(Url, body);

        again.Status.ShouldBe(200);
        Statuses(again).ShouldBe([200, 200]);
        Item(again, 1)["correction"]!.ToJsonString().ShouldBe(Item(first, 1)["correction"]!.ToJsonString());
    }

    [Fact]
    public async Task A_key_in_the_header_serves_all_that_carry_none()
    {
        var tenant = await Tenant.NewAsync();
        var key = new string('k', 200);
        var body = Batch(Correction("a").Without("idempotency_key"), Correction("b"), Correction("c").Without("idempotency_key"));

        var first = await tenant.PostAsync(Url, body, ("Idempotency-Key", key));
        var again = await tenant.PostAsync(Url, body, ("Idempotency-Key", key));
        var without = await tenant.PostAsync(Url, body);

        Statuses(first).ShouldBe([201, 201, 201]);
        Statuses(again).ShouldBe([200, 200, 200]);
        Statuses(without).ShouldBe([400, 200, 400]);
        Problem(without, 2).ShouldBe(("invalid_request", "/corrections/2/idempotency_key"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Under_a_key_of_another_batch_nothing_is_recorded(bool atomic)
    {
        var tenant = await Tenant.NewAsync();
        JsonObject Unkeyed(string field) => Correction(field).Without("idempotency_key");
        (string, string) key = ("Idempotency-Key", "k");
        await tenant.PostAsync(Url, Batch(Unkeyed("a").Without("actor"), Unkeyed("b")), key);

        JsonObject[] others =
        [
            Batch(Unkeyed("a"), Unkeyed("b")), Batch(Unkeyed("c")), Batch(Unkeyed("a"), Unkeyed("b"), Unkeyed("c")),
            Batch(Unkeyed("a"), Correction("c").With("idempotency_key", "own")), Batch(Correction("c").With("idempotency_key", "own")),
        ];
        foreach (var other in others)
            (await tenant.PostAsync(Url, other.With("atomic", atomic), key)).ShouldBeProblem(409, "idempotency_conflict");
        var again = await tenant.PostAsync(Url, Batch(Unkeyed("a").Without("actor"), Unkeyed("b")), key);

        Statuses(again).ShouldBe([400, 200]);
        (await Values(tenant)).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("{}", "/corrections")]
    [InlineData("""{"corrections":null}""", "/corrections")]
    [InlineData("""{"corrections":[]}""", "/corrections")]
    [InlineData("""{"corrections":{}}""", "/corrections")]
    [InlineData("""{"corrections":[{}],"atomic":"yes"}""", "/atomic")]
    [InlineData("""{"corrections":[{}],"all":true}""", "/all")]
    [InlineData("""{"corrections":[{]}""", "/corrections/0")]
    public async Task What_is_no_batch_is_refused(string body, string pointer)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostTextAsync(Url, body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([pointer]);
    }

    [Fact]
    public async Task Five_hundred_are_the_most()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostAsync(Url, Batch([.. Enumerable.Range(0, 501).Select(i => Correction($"f{i}"))]));

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["/corrections"]);
    }

    [Fact]
    public async Task A_batch_has_room_for_large_values()
    {
        var tenant = await Tenant.NewAsync();
        var large = new string('x', 15 * 1024);

        var answer = await tenant.PostAsync(Url, Batch([.. Enumerable.Range(0, 100).Select(i => Correction($"f{i}", large))]));

        answer.Status.ShouldBe(201);
    }

    static JsonObject Batch(params JsonNode?[] corrections) => new() { ["corrections"] = new JsonArray(corrections) };

    static int[] Statuses(Answer answer) => [.. answer.Json["results"]!.AsArray().Select(r => (int)r!["status"]!)];

    static JsonNode Item(Answer answer, int index) => answer.Json["results"]![index]!;

    static (string Code, string? Pointer) Problem(Answer answer, int index)
    {
        var problem = Item(answer, index)["problem"]!;
        return ((string)problem["code"]!, (string?)problem["errors"]?[0]?["pointer"]);
    }

    static async Task<string[]> Values(Tenant tenant) =>
        [.. (await tenant.GetAsync($"/v1/facts?{Query}")).Json["facts"]!.AsArray().Select(f => f!["value"]!.ToJsonString())];
}
