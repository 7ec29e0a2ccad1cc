using System.Text;
using System.Text.Json.Nodes;
using Stet.Testing;
using Stet.Tests.Http;
using Stet.Tests.Policy.AuthZen;
using Stet.Tests.Policy.Lifecycle;

namespace Stet.Tests.Policy.Entities;

public class EntityHttpSpecs
{
    const string Path = "/v1/policy/entities";

    [Fact]
    public async Task An_entity_is_recorded_read_changed_and_removed()
    {
        var tenant = await Tenant.NewAsync();
        const string url = $"{Path}/App::User/a/b c";

        var created = await tenant.PutAsync(url, """{"attrs":{"n":1},"parents":[{"type":"G","id":"z"},{"type":"G","id":"a"}]}""");
        var same = await tenant.PutAsync(url, """{"attrs":{"n":1},"parents":[{"type":"G","id":"a"},{"type":"G","id":"z"}]}""");
        var changed = await tenant.PutAsync(url, """{"tags":{"t":"x"}}""");
        var got = await tenant.GetAsync(url);
        var removed = await tenant.SendAsync(HttpMethod.Delete, url, null);

        created.Status.ShouldBe(201, created.Text);
        created.Json["entity"]!.ToJsonString().ShouldBe(
            """{"uid":{"type":"App::User","id":"a/b c"},"attrs":{"n":1},"parents":[{"type":"G","id":"a"},{"type":"G","id":"z"}],"tags":{}}""");
        same.Status.ShouldBe(200);
        same.Position().ShouldBe(created.Position());
        changed.Status.ShouldBe(200);
        got.Json["entity"]!["tags"]!.ToJsonString().ShouldBe("""{"t":"x"}""");
        ((long)got.Json["position"]!).ShouldBe(changed.Position());
        removed.Status.ShouldBe(200);
        (await tenant.GetAsync(url)).ShouldBeProblem(404, "entity_not_found");
        (await tenant.SendAsync(HttpMethod.Delete, url, null)).ShouldBeProblem(404, "entity_not_found");
    }

    [Theory]
    [InlineData("shop:%2F%2Forders", "shop://orders")]
    [InlineData("shop%3A%2f%2forders", "shop://orders")]
    [InlineData("a%2Fb/c%20d?receipt=false", "a/b/c d")]
    [InlineData("x/..%2F%252F", "x/../%2F")]
    [InlineData("%252F", "%2F")]
    public async Task A_slash_in_an_id_may_be_escaped(string path, string id)
    {
        var tenant = await Tenant.NewAsync();

        var created = await tenant.PutAsync($"{Path}/Resource/{path}", "{}");

        created.Status.ShouldBe(201, created.Text);
        ((string)created.Json["entity"]!["uid"]!["id"]!).ShouldBe(id);
        ((string)(await tenant.GetAsync(Path)).Json["entities"]![0]!["entity"]!["uid"]!["id"]!).ShouldBe(id);
        (await tenant.GetAsync($"{Path}/Resource/{Uri.EscapeDataString(id)}")).Status.ShouldBe(200);
        (await tenant.SendAsync(HttpMethod.Delete, $"{Path}/Resource/{path}", null)).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("%ff")]
    [InlineData("%C0%AF")]
    [InlineData("a%2Fb%E2%28")]
    public async Task An_id_that_is_no_UTF_8_is_refused(string id)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PutAsync($"{Path}/Resource/{id}", "{}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["path"]);
        (await tenant.PutAsync($"{Path}/Resource/%25ff%C3%A9", "{}")).Json["entity"]!["uid"]!["id"]!.ToString().ShouldBe("%ffé");
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task An_id_that_no_path_can_name_is_refused(string id)
    {
        var tenant = await Tenant.NewAsync();
        var child = Scenarios.Entity("U", "1", new JsonObject());
        child["parents"] = new JsonArray(new JsonObject { ["type"] = "U", ["id"] = id });

        var answer = await tenant.PostAsync($"{Path}/import", new JsonArray(Scenarios.Entity("U", id, new JsonObject()), child));

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["/0/uid/id", "/1/parents"]);
    }

    [Fact]
    public async Task A_client_id_that_is_an_address_names_an_enforcement_point_and_an_approver()
    {
        var tenant = await Tenant.NewAsync();
        const string id = "https://gw.example/1?a=%2F";
        var segment = Uri.EscapeDataString(id);

        ((string)(await tenant.PutAsync($"/v1/policy/peps/{segment}", "{}")).Json["pep_id"]!).ShouldBe(id);
        ((string)(await tenant.GetAsync($"/v1/policy/peps/{segment}")).Json["pep_id"]!).ShouldBe(id);
        (await tenant.PutAsync($"/v1/policy/approvers/{segment}", "")).Json["approvers"]!.AsArray().Select(a => (string)a!).ShouldBe([id]);
        (await tenant.SendAsync(HttpMethod.Delete, $"/v1/policy/approvers/{segment}", null)).Json["approvers"]!.AsArray().ShouldBeEmpty();
        (await tenant.PutAsync($"/v1/enforcement/systems/{segment}", "{}")).Json["system_id"]?.ToString().ShouldBe(id);
    }

    [Fact]
    public async Task Lists_go_by_type_and_id_page_by_page()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.PostAsync($"{Path}/import", new JsonArray(
            [.. new[] { ("B", "1"), ("A", "2"), ("A", "1"), ("A", "10"), ("C", "1") }
                .Select(e => Scenarios.Entity(e.Item1, e.Item2, new JsonObject()))]));

        (await ListAsync(tenant, "")).ShouldBe(["A 1", "A 10", "A 2", "B 1", "C 1"]);
        (await ListAsync(tenant, "&type=A")).ShouldBe(["A 1", "A 10", "A 2"]);
        (await ListAsync(tenant, "&type=D")).ShouldBeEmpty();
        (await tenant.GetAsync($"{Path}?cursor=!")).ShouldBeProblem(400, "invalid_request");
        var ofAnother = (string)(await tenant.GetAsync($"{Path}?limit=1&type=A")).Json["next_cursor"]!;
        (await tenant.GetAsync($"{Path}?type=B&cursor={ofAnother}")).ShouldBeProblem(400, "invalid_request");
    }

    [Fact]
    public async Task Entities_of_a_type_with_a_long_name_are_listed()
    {
        var tenant = await Tenant.NewAsync();
        var type = new string('a', 512);
        (await tenant.PutAsync($"{Path}/{type}/x", "{}")).Status.ShouldBe(201);

        (await ListAsync(tenant, $"&type={type}")).ShouldBe([$"{type} x"]);
    }

    [Fact]
    public async Task An_import_of_lines_is_recorded_whole_or_not_at_all()
    {
        var tenant = await Tenant.NewAsync();
        const string lines = """
            {"uid":{"type":"U","id":"1"},"attrs":{},"parents":[]}

            {"uid":{"type":"U","id":"2"},"attrs":{"x":"\ud800"},"parents":[]}
            {"uid":{"type":"U","id":"3"},"attrs":{"x":1,"x":2},"parents":[]}
            {"uid":{"type":"U","id":"4"},"attrs":{"x":9007199254740992},"parents":[]}
            {"uid":{"type":"Action","id":"read"},"attrs":{},"parents":[]}
            {"uid":{"type":"U","id":""},"attrs":{},"parents":[]}
            {"uid":{"type":"not a type","id":"5"},"attrs":{},"parents":[]}
            {"id":"6"}
            """;

        var refused = await ImportAsync(tenant, lines);
        var recorded = await ImportAsync(tenant, lines.Split('\n')[0] + "\r\n" + """{"uid":{"type":"U","id":"2"},"attrs":{},"parents":[]}""" + "\n");
        var again = await ImportAsync(tenant, lines.Split('\n')[0]);

        refused.ShouldBeProblem(400, "invalid_request");
        refused.Pointers.ShouldBe(["/1", "/2", "/3/attrs", "/4/uid/type", "/5/uid/id", "/6/uid", "/7"]);
        recorded.Json.ToJsonString().ShouldBe("""{"recorded":2,"unchanged":0,"position":2}""");
        again.Json.ToJsonString().ShouldBe("""{"recorded":0,"unchanged":1,"position":2}""");
    }

    [Theory]
    [InlineData("U/q", """{"attrs":{"t":{"__extn":{"fn":"datetime","arg":"zz"}}}}""", "/attrs/t/__extn", "At `/attrs/t/__extn`: `zz` is nothing that `datetime` accepts.")]
    [InlineData("U/q", """{"attrs":{"a/b":[1.5]}}""", "/attrs/a~1b/0", "At `/attrs/a~1b/0`: A number has to be an integer of 64 bits, without fraction or exponent.")]
    [InlineData("U/q", """{"attrs":5}""", "/attrs", "At `/attrs`: A record has to be an object.")]
    [InlineData("U/q", """{"tags":{"t":9007199254740992}}""", "/tags", "At `/tags`: A value cannot be recorded: texts hold no U+0000, and integers lie within ±(2^53 - 1).")]
    [InlineData("U/q", """{"parents":[{"type":"Action","id":"read"}]}""", "/parents", "At `/parents`: Actions are declared by the schema and not recorded as entities.")]
    [InlineData("U/q", """{"zz":1}""", "", "The member `zz` has no meaning here: remove it.")]
    [InlineData("Action/x", "{}", "type", "At `type`: Actions are declared by the schema and not recorded as entities.")]
    public async Task What_is_wrong_with_an_entity_is_told_by_its_place(string entity, string body, string pointer, string detail)
    {
        var answer = await (await Tenant.NewAsync()).PutAsync($"{Path}/{entity}", body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([pointer]);
        ((string?)answer.Json["detail"]).ShouldBe(detail);
    }

    [Theory]
    [InlineData("""{"parents":[{"type":"G","id":"aÿ"}]}""", "/parents/0/id", "holds half a surrogate pair or bytes that are not UTF-8")]
    [InlineData("""{"attrs":{"ÿ":1}}""", "/attrs", "holds half a surrogate pair or bytes that are not UTF-8")]
    [InlineData("""{"attrs":{"scope":"\ud800"}}""", "/attrs/scope", "holds half a surrogate pair or bytes that are not UTF-8")]
    [InlineData("""{"attrs":{"scope":"a","scope":"b"}}""", "/attrs/scope", "occurs twice")]
    [InlineData("""{"attrs":{"a":[{"b/c":1},{"b/c":1,"b\u002fc":2}]}}""", "/attrs/a/1/b~1c", "occurs twice")]
    [InlineData("""{"attrs":{},"attrs":{}}""", "/attrs", "occurs twice")]
    [InlineData("""{"attrs":{"a":tru}}""", "/attrs/a", "is not valid JSON here")]
    [InlineData("""{"attrs":{}""", "", "ends before its JSON is complete")]
    [InlineData("", "", "ends before its JSON is complete")]
    public async Task An_entity_that_readers_would_not_understand_alike_is_refused(string body, string pointer, string message)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.SendAsync(HttpMethod.Put, $"{Path}/U/1", Encoding.Latin1.GetBytes(body));

        answer.ShouldBeProblem(400, "invalid_request");
        ((string)answer.Json["errors"]!.AsArray().ShouldHaveSingleItem()!["pointer"]!).ShouldBe(pointer);
        ((string)answer.Json["errors"]![0]!["message"]!).ShouldBe(message);
        (await tenant.GetAsync($"{Path}/U/1")).ShouldBeProblem(404, "entity_not_found");
    }

    [Theory]
    [InlineData("{}", "invalid_request")]
    [InlineData("[", "invalid_request")]
    [InlineData("""[{"uid":{"type":"U","id":"1"},"attrs":{},"parents":[]},{"uid":{"type":"U","id":"1"},"attrs":{},"parents":[]}]""", "entity_refused")]
    [InlineData("""[{"uid":{"type":"U","id":"1"},"attrs":{},"parents":[{"type":"U","id":"1"}]}]""", "invalid_request")]
    [InlineData("""[{"uid":{"type":"U","id":"1"},"attrs":{},"parents":[{"type":"U","id":"2"}]},{"uid":{"type":"U","id":"2"},"attrs":{},"parents":[{"type":"U","id":"1"}]}]""", "entity_refused")]
    public async Task An_import_that_cannot_be_says_why(string body, string code)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.PostTextAsync($"{Path}/import", body);

        answer.ShouldBeProblem(code == "invalid_request" ? 400 : 409, code);
        (await tenant.GetAsync(Path)).Json["entities"]!.AsArray().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Content-Type", "")]
    [InlineData("Content-Type", "text/plain")]
    [InlineData("Content-Encoding", "gzip")]
    public async Task An_import_is_sent_as_JSON_or_as_lines_and_as_it_is(string header, string value)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.SendAsync(HttpMethod.Post, $"{Path}/import", "[]"u8.ToArray(), (header, value));

        answer.ShouldBeProblem(415, "unsupported_media_type");
    }

    [Fact]
    public async Task More_than_ten_thousand_entities_are_too_many_for_one_import()
    {
        var tenant = await Tenant.NewAsync();
        var lines = string.Join('\n', Enumerable.Range(0, 10_001).Select(n => $$$"""{"uid":{"type":"U","id":"{{{n}}}"},"attrs":{},"parents":[]}"""));

        (await ImportAsync(tenant, lines)).ShouldBeProblem(400, "invalid_request");
        (await ImportAsync(tenant, lines[..lines.LastIndexOf('\n')])).Json["recorded"]!.GetValue<int>().ShouldBe(10_000);
    }

    [Fact]
    public async Task What_does_not_fit_the_schema_in_force_is_refused_and_wrappers_may_be_left_out()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.ActivateAsync(Scenarios.Text(
            """entity group; entity user in [group] { home?: ipaddr, boss?: user }; action read appliesTo { principal: user, resource: user };""",
            "permit (principal, action, resource);"));

        var loose = await tenant.PutAsync($"{Path}/user/ada", """{"attrs":{"home":"10.0.0.1","boss":{"type":"user","id":"bob"}}}""");
        var wrongType = await tenant.PutAsync($"{Path}/user/ada", """{"attrs":{"home":7}}""");
        var unknown = await tenant.PutAsync($"{Path}/spaceship/x", "{}");
        var wrongParent = await tenant.PutAsync($"{Path}/group/g", """{"parents":[{"type":"user","id":"ada"}]}""");
        var badAddress = await tenant.PutAsync($"{Path}/user/ada", """{"attrs":{"home":"300.0.0.1"}}""");

        loose.Json["entity"]!["attrs"]!["home"]!.ToJsonString().ShouldBe("""{"__extn":{"arg":"10.0.0.1","fn":"ip"}}""");
        wrongType.ShouldBeProblem(409, "entity_refused");
        wrongType.Text.ShouldContain("ipaddr");
        unknown.ShouldBeProblem(409, "entity_refused");
        wrongParent.ShouldBeProblem(409, "entity_refused");
        badAddress.ShouldBeProblem(400, "invalid_request");
    }

    [Fact]
    public async Task A_key_makes_repeating_an_import_safe()
    {
        var tenant = await Tenant.NewAsync();
        var body = new JsonArray(Scenarios.Entity("U", "1", new JsonObject()));

        var first = await tenant.PostAsync($"{Path}/import", body, ("Idempotency-Key", "k"));
        await tenant.SendAsync(HttpMethod.Delete, $"{Path}/U/1", null);
        var again = await tenant.PostAsync($"{Path}/import", body, ("Idempotency-Key", "k"));
        var other = await tenant.PostAsync($"{Path}/import", new JsonArray(Scenarios.Entity("U", "2", new JsonObject())), ("Idempotency-Key", "k"));

        again.Text.ShouldBe(first.Text);
        (await tenant.GetAsync($"{Path}/U/1")).Status.ShouldBe(404);
        other.ShouldBeProblem(409, "idempotency_conflict");
    }

    [Fact]
    public async Task A_key_stands_for_one_step_of_one_entity()
    {
        var tenant = await Tenant.NewAsync();

        var created = await PutAsync("a", "put");
        var again = await PutAsync("a", "put");
        var other = await PutAsync("b", "put");
        await PutAsync("b", "other");
        var removed = await RemoveAsync("a", "removal");
        var removedAgain = await RemoveAsync("a", "removal");
        var otherRemoval = await RemoveAsync("b", "removal");
        var otherStep = await RemoveAsync("b", "put");

        (created.Status, again.Status).ShouldBe((201, 200));
        again.Text.ShouldBe(created.Text);
        (removed.Status, removedAgain.Status).ShouldBe((200, 200));
        removedAgain.Text.ShouldBe(removed.Text);
        foreach (var refused in (Answer[])[other, otherRemoval, otherStep]) refused.ShouldBeProblem(409, "idempotency_conflict");
        (await tenant.GetAsync($"{Path}/U/a")).Status.ShouldBe(404);
        (await tenant.GetAsync($"{Path}/U/b")).Status.ShouldBe(200);

        Task<Answer> PutAsync(string id, string key) =>
            tenant.SendAsync(HttpMethod.Put, $"{Path}/U/{id}", "{}"u8.ToArray(), ("Idempotency-Key", key));

        Task<Answer> RemoveAsync(string id, string key) =>
            tenant.SendAsync(HttpMethod.Delete, $"{Path}/U/{id}", null, ("Idempotency-Key", key));
    }

    [Fact]
    public async Task Two_instances_take_no_cycle_between_them()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var id = TestService.NewTenantId();
        var (here, there) = (new Tenant(first.Client(id)), new Tenant(second.Client(id)));
        await there.GetAsync($"{Path}/G/a");
        await there.PutAsync($"{Path}/G/x", "{}");

        var one = await here.PutAsync($"{Path}/G/a", """{"parents":[{"type":"G","id":"b"}]}""");
        var other = await there.PutAsync($"{Path}/G/b", """{"parents":[{"type":"G","id":"a"}]}""");

        one.Status.ShouldBe(201, one.Text);
        other.ShouldBeProblem(409, "entity_refused");
    }

    static Task<Answer> ImportAsync(Tenant tenant, string lines) =>
        tenant.SendAsync(HttpMethod.Post, $"{Path}/import", Encoding.UTF8.GetBytes(lines), ("Content-Type", "application/x-ndjson"));

    static async Task<string[]> ListAsync(Tenant tenant, string filter)
    {
        var listed = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await tenant.GetAsync($"{Path}?limit=2{filter}{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}");
            page.Status.ShouldBe(200, page.Text);
            listed.AddRange(page.Json["entities"]!.AsArray().Select(e => $"{(string)e!["entity"]!["uid"]!["type"]!} {(string)e["entity"]!["uid"]!["id"]!}"));
            cursor = (string?)page.Json["next_cursor"];
        }

        return [.. listed];
    }
}
