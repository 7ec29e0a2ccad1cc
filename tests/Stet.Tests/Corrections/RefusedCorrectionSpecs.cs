using System.Text;
using System.Text.Json.Nodes;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class RefusedCorrectionSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"subject":{"type":"p","id":"1"}""")]
    public async Task A_body_that_was_cut_off_is_told_so(string body)
    {
        var answer = await (await Tenant.NewAsync()).PostTextAsync("/v1/corrections", body);

        answer.ShouldBeProblem(400, "invalid_request");
        ((string)answer.Json["detail"]!).ShouldEndWith("ends before its JSON is complete");
    }

    [Theory]
    [InlineData("""{"subject":null}""", "/subject")]
    [InlineData("""{"subject":{}}""", "/subject/type,/subject/id")]
    [InlineData("""{"subject":{"type":"","id":"x"}}""", "/subject/type")]
    [InlineData("""{"subject":{"type":"a","id":"b","x":1}}""", "/subject/x")]
    [InlineData("""{"subject":"p-17"}""", "/subject")]
    [InlineData("""{"subject":{"type":"a","id":17}}""", "/subject/id")]
    [InlineData("""{"subject":{"type":"a","id":"\u0000"}}""", "/subject/id")]
    [InlineData("""{"subject":{"type":"a","id":"\ud800"}}""", "/subject/id")]
    [InlineData("""{"field_key":null}""", "/field_key")]
    [InlineData("""{"field_key":""}""", "/field_key")]
    [InlineData("""{"field_key":["a"]}""", "/field_key")]
    [InlineData("""{"value":NaN}""", "/value")]
    [InlineData("""{"field_key":"a,b"}""", "/field_key")]
    [InlineData("""{"field_key":" lead"}""", "/field_key")]
    [InlineData("""{"permissions":{"scopes":["care","a,b"]}}""", "/permissions/scopes")]
    [InlineData("""{"field_key":"a\u0000b"}""", "/field_key")]
    [InlineData("""{"field_key":"\udc00"}""", "/field_key")]
    [InlineData("""{"class":null}""", "/class")]
    [InlineData("""{"class":"fact"}""", "/class")]
    [InlineData("""{"class":0}""", "/class")]
    [InlineData("""{"permissions":null}""", "/permissions")]
    [InlineData("""{"permissions":{}}""", "/permissions")]
    [InlineData("""{"permissions":{"readers":[],"scopes":[],"deny_list":["x"]}}""", "/permissions")]
    [InlineData("""{"permissions":{"readers":"allergy-bot"}}""", "/permissions/readers")]
    [InlineData("""{"permissions":{"readers":["a",null]}}""", "/permissions/readers/1")]
    [InlineData("""{"permissions":{"readers":["a"],"scopes":[""]}}""", "/permissions/scopes")]
    [InlineData("""{"permissions":{"readers":["a\u0000"]}}""", "/permissions/readers")]
    [InlineData("""{"permissions":{"readers":["\ud800"]}}""", "/permissions/readers/0")]
    [InlineData("""{"permissions":{"readers":["a"],"writers":["b"]}}""", "/permissions/writers")]
    [InlineData("""{"actor":null}""", "/actor")]
    [InlineData("""{"actor":{"type":"human"}}""", "/actor/id")]
    [InlineData("""{"idempotency_key":""}""", "/idempotency_key")]
    [InlineData("""{"idempotency_key":7}""", "/idempotency_key")]
    [InlineData("""{"idempotency_key":"\ud800"}""", "/idempotency_key")]
    [InlineData("""{"supersedes":"first"}""", "/supersedes")]
    [InlineData("""{"supersedes":""}""", "/supersedes")]
    [InlineData("""{"supersedes":" 019ca7c8-0000-7000-8000-000000000001"}""", "/supersedes")]
    [InlineData("""{"supersedes":"019ca7c8-0x00-7000-8000-000000000001"}""", "/supersedes")]
    [InlineData("""{"supersedes":"019ca7c8-+000-7000-8000-000000000001"}""", "/supersedes")]
    [InlineData("""{"supersedes":17}""", "/supersedes")]
    [InlineData("""{"effective_from":"2026-03-01"}""", "/effective_from")]
    [InlineData("""{"effective_from":1}""", "/effective_from")]
    [InlineData("""{"effective_from":"2026-03-02T00:00:00Z","effective_to":"2026-03-02T01:00:00+01:00"}""", "/effective_to")]
    [InlineData("""{"reason":"\u0000"}""", "/reason")]
    [InlineData("""{"reason":"a\ud800"}""", "/reason")]
    [InlineData("""{"reason":{}}""", "/reason")]
    [InlineData("""{"unknown.member/x~y":1}""", "/unknown.member~1x~0y")]
    [InlineData("""{"Subject":1}""", "/Subject")]
    public async Task A_wrong_member_is_refused_by_name(string members, string pointers)
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction();
        var wrong = members[1..^1];

        // As text: what is wrong cannot always be held by a tree.
        foreach (var name in body.Select(m => m.Key).ToArray())
            if (wrong.StartsWith($"\"{name}\":")) body.Remove(name);
        var answer = await tenant.PostTextAsync("/v1/corrections", $"{body.ToJsonString()[..^1]},{wrong}}}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(pointers.Split(','));
        answer.Text.ShouldNotContain("System.");
        answer.Text.ShouldNotContain("Stet.");
        answer.Text.ShouldNotContain("LineNumber");
    }

    [Theory]
    [InlineData("1e400", "/value")]
    [InlineData("9007199254740993", "/value")]
    [InlineData("0.10000000000000001", "/value")]
    [InlineData("""{"doses":[1,{"max.daily":1e400}]}""", "/value/doses/1/max.daily")]
    [InlineData("""{"a/b":"\u0000"}""", "/value/a~1b")]
    [InlineData("""["\ud800"]""", "/value/0")]
    [InlineData("""{"k":{"\ud800":1}}""", "/value/k")]
    [InlineData("""{"a":1,"a":2}""", "/value/a")]
    [InlineData("""{"a":{"b":1,"\u0062":2}}""", "/value/a/b")]
    public async Task A_value_that_would_not_survive_is_refused_where_it_stands(string value, string pointer)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostTextAsync("/v1/corrections", WithValue(value));

        answer.ShouldBeProblem(400, "data_not_canonical");
        answer.Pointers.ShouldBe([pointer]);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("0.1")]
    [InlineData("1e+300")]
    [InlineData("5e-324")]
    [InlineData("9007199254740992")]
    [InlineData("\"\\u0001\\\\ é 😀 ```\"")]
    [InlineData("""{"":[],"a":{"b":null}}""")]
    public async Task A_value_comes_back_as_it_was_sent(string value)
    {
        var tenant = await Tenant.NewAsync();

        var recorded = await tenant.PostTextAsync("/v1/corrections", WithValue(value));
        var facts = await tenant.GetAsync($"/v1/facts?{Query}");
        var repeated = await tenant.PostTextAsync("/v1/corrections", WithValue(value));

        recorded.Status.ShouldBe(201, recorded.Text);
        facts.Text.ShouldContain($"\"value\":{value},");
        repeated.Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_value_has_at_most_sixteen_kibibytes_and_thirty_two_levels()
    {
        var tenant = await Tenant.NewAsync();

        (await Post(new string('x', (16 * 1024) - 2), quoted: true)).Status.ShouldBe(201);
        (await Post(new string('x', (16 * 1024) - 1), quoted: true)).Pointers.ShouldBe(["/value"]);
        (await Post(new string('[', 32) + new string(']', 32))).Status.ShouldBe(201);
        foreach (var depth in (int[])[33, 36, 64, 5000])
        {
            var answer = await Post(new string('[', depth) + new string(']', depth));
            answer.ShouldBeProblem(400, "invalid_request");
            answer.Pointers.Single().ShouldStartWith("/value");
            answer.Text.ShouldContain("nested");
        }

        Task<Answer> Post(string value, bool quoted = false) =>
            tenant.PostTextAsync("/v1/corrections", WithValue(quoted ? $"\"{value}\"" : value).Replace("the-key", $"{value[0]}{value.Length}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("subject=patient")]
    public async Task A_body_that_is_no_object_is_refused(string body)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostTextAsync("/v1/corrections", body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([""]);
    }

    [Fact]
    public async Task Everything_that_is_missing_is_told_at_once()
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostTextAsync("/v1/corrections", "{}");

        answer.Pointers.ShouldBe(["/subject", "/field_key", "/value", "/class", "/permissions", "/actor", "/idempotency_key"]);
    }

    [Fact]
    public async Task A_member_that_occurs_twice_is_refused()
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction().ToJsonString();

        (await tenant.PostTextAsync("/v1/corrections", $"{body[..^1]},\"class\":\"FACT\"}}")).Pointers.ShouldBe(["/class"]);
        (await tenant.PostTextAsync("/v1/corrections", body.Replace("\"id\":\"p-17\"", "\"id\":\"p-17\",\"id\":\"p-18\"")))
            .Pointers.ShouldBe(["/subject/id"]);
    }

    [Fact]
    public async Task Texts_have_a_longest_length()
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction(new string('f', 201))
            .With("subject", new JsonObject { ["type"] = new string('t', 201), ["id"] = new string('i', 201) })
            .With("reason", new string('r', 501))
            .With("idempotency_key", new string('k', 201))
            .Permitting(readers: [.. Enumerable.Range(0, 101).Select(i => $"r{i}")], scopes: [new string('s', 201)]);

        var answer = await tenant.PostAsync("/v1/corrections", body);

        answer.Pointers.ShouldBe([
            "/subject/type", "/subject/id", "/field_key", "/permissions/readers", "/permissions/scopes", "/idempotency_key", "/reason"]);
    }

    [Fact]
    public async Task Only_what_stands_for_this_field_can_be_superseded()
    {
        var tenant = await Tenant.NewAsync();
        var stranger = await Tenant.NewAsync();
        var superseded = Id(await tenant.RecordAsync(Correction()));
        var standing = Id(await tenant.RecordAsync(Correction()));
        var revoked = Id(await tenant.RecordAsync(Correction("revoked")));
        await tenant.PostAsync($"/v1/corrections/{revoked}/revoke", Revocation());
        var ofAnotherSubject = Id(await tenant.RecordAsync(
            Correction().With("subject", new JsonObject { ["type"] = "patient", ["id"] = "p-18" })));

        await Refused(Correction(), superseded);
        await Refused(Correction("another.field"), standing);
        await Refused(Correction("revoked"), revoked);
        await Refused(Correction(), ofAnotherSubject);
        await Refused(Correction(), "019ca7c8-0000-7000-8000-000000000001");
        await Refused(Correction(), Id(await stranger.RecordAsync(Correction())));

        async Task Refused(JsonObject body, string named)
        {
            var answer = await tenant.PostAsync("/v1/corrections", body.With("supersedes", named));
            answer.ShouldBeProblem(409, "supersedes_not_active");
            answer.Text.ShouldContain(named);
        }
    }

    [Fact]
    public async Task A_refused_request_leaves_its_key_unused()
    {
        var tenant = await Tenant.NewAsync();
        var body = Correction();

        await tenant.PostAsync("/v1/corrections", body.With("supersedes", "019ca7c8-0000-7000-8000-000000000001"));
        var answer = await tenant.PostAsync("/v1/corrections", body.Without("supersedes"));

        answer.Status.ShouldBe(201);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_are_refused()
    {
        var tenant = await Tenant.NewAsync();
        var body = Encoding.UTF8.GetBytes(WithValue("\"@\""));
        body[Array.IndexOf(body, (byte)'@')] = 0xFF;

        var answer = await tenant.SendAsync(HttpMethod.Post, "/v1/corrections", body);

        answer.ShouldBeProblem(400, "data_not_canonical");
        answer.Pointers.ShouldBe(["/value"]);
    }

    static string Id(JsonNode correction) => (string)correction["correction_id"]!;

    static string WithValue(string value) =>
        Correction(value: "@value").With("idempotency_key", "the-key").ToJsonString().Replace("\"@value\"", value);
}
