using System.Text.Json.Nodes;
using Npgsql;
using Stet.Http;
using Stet.Testing;
using Stet.Tests.Http;
using static Stet.Tests.Pcs.Ordinary;

namespace Stet.Tests.Pcs;

public class QuerySpecs
{
    [Fact]
    public async Task A_document_is_found_by_its_id_as_it_was_sent()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        await tenant.SubmitAsync(Document);

        var found = (await tenant.ReadAsync($"/v1/pcs/{Document.PcsId}"))["submissions"]!.AsArray().ShouldHaveSingleItem()!;

        JsonNode.DeepEquals(found["document"], JsonNode.Parse(Document.ToJson())).ShouldBeTrue(found.ToJsonString());
        found["dialect"]!.ToString().ShouldBe("A-bytes");
        found["kid"]!.ToString().ShouldBe("k1");
        (await tenant.GetAsync($"/v1/pcs/{new string('0', 64)}")).ShouldBeProblem(404, "pcs_not_found");
        (await tenant.GetAsync("/v1/pcs/nonsense")).ShouldBeProblem(404, "pcs_not_found");
    }

    [Fact]
    public async Task Documents_are_listed_by_shard_epoch_and_outcome_page_by_page()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        foreach (var epoch in (long[])[3, 1, 4, 2, 5])
            await tenant.SubmitAsync(((epoch == 4 ? Doubtful : Document) with { Epoch = epoch }).Signed());
        await tenant.SubmitAsync((Document with { ShardId = "shard & \"é\"" }).Signed());

        (await EpochsAsync(tenant, "/v1/pcs")).ShouldBe([7, 5, 2, 4, 1, 3]);
        (await EpochsAsync(tenant, "/v1/pcs?shard_id=shard-001")).ShouldBe([5, 4, 3, 2, 1]);
        (await EpochsAsync(tenant, $"/v1/pcs?shard_id={Uri.EscapeDataString("shard & \"é\"")}")).ShouldBe([7]);
        (await EpochsAsync(tenant, "/v1/pcs?shard_id=shard-001&epoch=2")).ShouldBe([2]);
        (await EpochsAsync(tenant, "/v1/pcs?shard_id=shard-001&epoch_from=2&epoch_to=4")).ShouldBe([4, 3, 2]);
        (await EpochsAsync(tenant, "/v1/pcs?shard_id=shard-001&outcome=ACCEPTED")).ShouldBe([5, 3, 2, 1]);
        (await EpochsAsync(tenant, "/v1/pcs?outcome=ESCALATED")).ShouldBe([4]);
        (await tenant.GetAsync("/v1/pcs?outcome=accepted")).ShouldBeProblem(400, "invalid_request");
        (await tenant.GetAsync("/v1/pcs?shard_id=")).ShouldBeProblem(400, "invalid_request");
        var page = await tenant.ReadAsync("/v1/pcs?shard_id=shard-001&limit=2");
        (await tenant.ReadAsync($"/v1/pcs?shard_id=shard-001&epoch_to=4&limit=2&cursor={page["next_cursor"]}"))
            ["submissions"]!.AsArray().Select(s => (long)s!["epoch"]!).ShouldBe([3, 2]);
        (await tenant.GetAsync($"/v1/pcs?shard_id=shard-001&cursor={new Cursor("pcs").Of(99)}")).ShouldBeProblem(400, "invalid_request");
        (await tenant.GetAsync($"/v1/pcs?shard_id=other&cursor={page["next_cursor"]}")).ShouldBeProblem(400, "invalid_request");
        (await tenant.GetAsync($"/v1/pcs?cursor={new Cursor("pcs").Of(0)}")).ShouldBeProblem(400, "invalid_request");
    }

    [Theory]
    [InlineData("epoch=1&epoch_from=2")]
    [InlineData("epoch=1&epoch_to=0")]
    public async Task One_epoch_and_a_range_of_them_are_not_asked_for_together(string query)
    {
        var answer = await (await PcsTenancy.NewAsync(await TestService.SharedAsync())).GetAsync($"/v1/pcs?{query}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe(["epoch"]);
    }

    [Fact]
    public async Task Epochs_are_listed_over_all_shards_page_by_page()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        foreach (var (shard, epoch) in from shard in (string[])["b", "a", "c"] from epoch in (long[])[2, 1, 3] select (shard, epoch))
            await tenant.SubmitAsync(((shard == "a" ? Doubtful : Document) with { ShardId = shard, Epoch = epoch }).Signed());

        (await ShardsAsync("epoch=2")).ShouldBe(["c2", "a2", "b2"]);
        (await ShardsAsync("epoch=2&outcome=ACCEPTED")).ShouldBe(["c2", "b2"]);
        (await ShardsAsync("epoch_from=2")).ShouldBe(["c3", "a3", "b3", "c2", "a2", "b2"]);
        (await ShardsAsync("epoch_to=1&outcome=ESCALATED")).ShouldBe(["a1"]);
        (await ShardsAsync("epoch=4")).ShouldBeEmpty();
        var page = await tenant.ReadAsync("/v1/pcs?epoch_to=2&limit=2");
        (await ShardsAsync($"epoch_to=2&limit=3&cursor={page["next_cursor"]}")).ShouldBe(["b2", "c1", "a1"]);

        async Task<IEnumerable<string>> ShardsAsync(string query) =>
            (await tenant.ReadAsync($"/v1/pcs?{query}"))["submissions"]!.AsArray().Select(s => $"{s!["shard_id"]}{s["epoch"]}");
    }

    [Fact]
    public async Task Of_a_document_recorded_more_often_the_newest_hundred_recordings_are_told()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await PcsTenancy.NewAsync(service);
        for (var epoch = 0; epoch < 102; epoch++) await tenant.SubmitAsync((Document with { Epoch = epoch }).Signed());
        await using (var connection = await service.Database.OpenAsync())
        await using (var command = new NpgsqlCommand("update stet.pcs_submission set pcs_id = $1", connection) { Parameters = { new() { Value = Document.PcsId } } })
            await command.ExecuteNonQueryAsync();

        var found = await tenant.ReadAsync($"/v1/pcs/{Document.PcsId}");

        // The first event is that of the key.
        found["submissions"]!.AsArray().Select(s => (int)s!["position"]!).ShouldBe(Enumerable.Range(4, 100));
    }

    [Fact]
    public async Task The_latest_of_a_shard_are_its_highest_epochs()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        await tenant.SubmitAsync((Doubtful with { Epoch = 9 }).Signed());
        (await tenant.ReadAsync("/v1/pcs/latest?shard_id=shard-001"))["accepted"].ShouldBeNull();
        await tenant.SubmitAsync(Document);

        var latest = await tenant.ReadAsync("/v1/pcs/latest?shard_id=shard-001");

        ((long)latest["submitted"]!["epoch"]!).ShouldBe(9);
        ((long)latest["accepted"]!["epoch"]!).ShouldBe(7);
        (await tenant.GetAsync("/v1/pcs/latest?shard_id=other")).ShouldBeProblem(404, "pcs_shard_not_found");
        (await tenant.GetAsync("/v1/pcs/latest")).ShouldBeProblem(400, "invalid_request");
    }

    [Fact]
    public async Task An_escalation_is_resolved_once_and_its_answer_stays()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        var answer = await tenant.SubmitAsync(Doubtful);
        await tenant.SubmitAsync((Document with { Epoch = 8 }).Signed());
        var resolve = $"/v1/pcs/{Doubtful.PcsId}/resolve";
        (await EpochsAsync(tenant, "/v1/pcs/escalations")).ShouldBe([7]);

        (await tenant.PostTextAsync(resolve, """{"resolution":"maybe"}""")).ShouldBeProblem(400, "invalid_request");
        var resolved = await tenant.PostTextAsync(resolve, """{"resolution":"accepted","comment":"looked at it"}""", ("X-Actor", "ada"));
        var again = await tenant.PostTextAsync(resolve, """{"resolution":"accepted"}""");

        resolved.Status.ShouldBe(201, resolved.Text);
        (again.Status, again.Text).ShouldBe((200, resolved.Text));
        resolved.Json["resolved_by"]!.ToString().ShouldBe("ada");
        (await tenant.PostTextAsync(resolve, """{"resolution":"rejected"}""")).ShouldBeProblem(409, "pcs_resolved_otherwise");
        (await tenant.SubmitAsync(Doubtful)).Text.ShouldBe(answer.Text);
        (await EpochsAsync(tenant, "/v1/pcs/escalations?state=open")).ShouldBeEmpty();
        (await EpochsAsync(tenant, "/v1/pcs/escalations?state=all")).ShouldBe([7]);
        var listed = (await tenant.ReadAsync("/v1/pcs/escalations?state=resolved"))["submissions"]![0]!;
        listed["resolution"]!["comment"]!.ToString().ShouldBe("looked at it");
        listed["outcome"]!.ToString().ShouldBe("ESCALATED");
    }

    [Fact]
    public async Task A_key_is_good_for_one_resolution_and_what_was_said_of_it()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        var documents = new[] { Doubtful, (Doubtful with { Epoch = 8 }).Signed() };
        foreach (var document in documents) await tenant.SubmitAsync(document);
        var (first, second) = ($"/v1/pcs/{documents[0].PcsId}/resolve", $"/v1/pcs/{documents[1].PcsId}/resolve");
        const string accepted = """{"resolution":"accepted","comment":"looked at it"}""";

        var resolved = await tenant.PostTextAsync(first, accepted, ("Idempotency-Key", "k"));
        var again = await tenant.PostTextAsync(first, accepted, ("Idempotency-Key", "k"));
        var commented = await tenant.PostTextAsync(first, """{"resolution":"accepted","comment":"twice"}""", ("Idempotency-Key", "k"));
        var elsewhere = await tenant.PostTextAsync(second, accepted, ("Idempotency-Key", "k"));
        var underAnother = await tenant.PostTextAsync(first, """{"resolution":"accepted"}""", ("Idempotency-Key", "k2"));
        var otherwise = await tenant.PostTextAsync(first, """{"resolution":"rejected"}""", ("Idempotency-Key", "k3"));

        resolved.Status.ShouldBe(201, resolved.Text);
        (again.Status, again.Text).ShouldBe((200, resolved.Text));
        commented.ShouldBeProblem(409, "idempotency_conflict");
        elsewhere.ShouldBeProblem(409, "idempotency_conflict");
        (underAnother.Status, underAnother.Text).ShouldBe((200, resolved.Text));
        otherwise.ShouldBeProblem(409, "pcs_resolved_otherwise");
        (await EpochsAsync(tenant, "/v1/pcs/escalations?state=open")).ShouldBe([8]);
        (await tenant.PostTextAsync(second, accepted, ("Idempotency-Key", "k2"))).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Only_what_is_escalated_can_be_resolved()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        await tenant.SubmitAsync(Document);

        (await tenant.PostTextAsync($"/v1/pcs/{Document.PcsId}/resolve", """{"resolution":"accepted"}"""))
            .ShouldBeProblem(409, "pcs_not_escalated");
        (await tenant.PostTextAsync($"/v1/pcs/{new string('0', 64)}/resolve", """{"resolution":"accepted"}"""))
            .ShouldBeProblem(404, "pcs_not_found");
    }

    [Fact]
    public async Task Contradictions_are_listed_with_what_differs()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        await tenant.SubmitAsync(Document);
        await tenant.SubmitAsync(Doubtful);
        await tenant.SubmitAsync(Document with { Seed = 1 });

        var first = await tenant.ReadAsync("/v1/pcs/equivocations?limit=1");
        var second = await tenant.ReadAsync($"/v1/pcs/equivocations?limit=1&cursor={first["next_cursor"]}");

        first["equivocations"]![0]!["members"]!.ToJsonString().ShouldBe("""["budget"]""");
        second["equivocations"]![0]!["members"]!.ToJsonString().ShouldBe("""["seed"]""");
        second["next_cursor"].ShouldBeNull();
    }

    [Fact]
    public async Task The_summary_counts_and_divides()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        (await tenant.ReadAsync("/v1/pcs/summary"))["escalation_rate"].ShouldBeNull();
        for (var epoch = 0; epoch < 3; epoch++) await tenant.SubmitAsync((Document with { Epoch = epoch }).Signed());
        await tenant.SubmitAsync(Doubtful);
        await tenant.SubmitAsync(Doubtful);
        await tenant.SubmitAsync(Document.Signed("wrong"));

        var summary = await tenant.CountedAsync(submissions: 6);

        ((int)summary["accepted"]!, (int)summary["escalated"]!, (int)summary["open_escalations"]!).ShouldBe((3, 1, 1));
        ((double)summary["escalation_rate"]!).ShouldBe(0.25);
        summary["refused"]!.ToJsonString().ShouldBe("""{"signature_invalid":1}""");
        var deliveries = summary["deliveries"]!;
        ((int)deliveries["duplicates"]!, (int)deliveries["signature_failures"]!).ShouldBe((1, 1));
        ((double)deliveries["duplicate_rate"]!).ShouldBe(0.166667);
    }

    [Fact]
    public async Task What_came_again_is_listed_and_told_of_its_document_by_any_instance()
    {
        await using var service = await TestService.StartAsync();
        var id = TestService.NewTenantId();
        var before = await PcsTenancy.NewAsync(service, id);
        foreach (var epoch in (int[])[0, 1, 2, 0, 2, 2]) await before.SubmitAsync((Document with { Epoch = epoch }).Signed());
        await before.CountedAsync(submissions: 6);

        await using var later = await TestService.StartAsync(database: service.Database);
        var tenant = new Tenant(later.Client(id));

        var first = await tenant.ReadAsync("/v1/pcs/duplicates?limit=1");
        var second = await tenant.ReadAsync($"/v1/pcs/duplicates?limit=1&cursor={first["next_cursor"]}");
        var (newest, oldest) = (first["duplicates"]![0]!, second["duplicates"]![0]!);
        ((int)newest["epoch"]!, (int)newest["redeliveries"]!, (int)oldest["epoch"]!, (int)oldest["redeliveries"]!).ShouldBe((2, 2, 0, 1));
        second["next_cursor"].ShouldBeNull();
        var document = await tenant.ReadAsync($"/v1/pcs/{newest["pcs_id"]}");
        ((int)document["redeliveries"]!, (string?)document["last_redelivered_at"]).ShouldBe((2, (string?)newest["last_redelivered_at"]));
        ((int)(await tenant.CountedAsync(submissions: 6))["deliveries"]!["duplicates"]!).ShouldBe(3);
    }

    [Fact]
    public async Task Secrets_of_keys_are_in_no_answer_no_event_and_no_table()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await PcsTenancy.NewAsync(service);
        const string Secret = "never-to-be-seen-again-by-anybody";
        var body = $$"""{"use":"1.0","alg":"HS256","secret":"{{Secret}}","not_after":"2999-01-01T00:00:00Z"}""";

        var registered = await tenant.PutAsync("/v1/pcs/keys/k10", body);
        var listed = await tenant.GetAsync("/v1/pcs/keys");

        registered.Status.ShouldBe(200, registered.Text);
        registered.Text.ShouldNotContain(Secret);
        listed.Text.ShouldNotContain(Secret);
        listed.Json["keys"]!.AsArray().Select(k => $"{k!["kid"]} {k["state"]}").ShouldBe(["k1 valid", "k10 valid"]);
        (await tenant.PutAsync("/v1/pcs/keys/k10", body)).Json["registered_at"]!.ToString()
            .ShouldBe(registered.Json["registered_at"]!.ToString());
        (await TablesWithAsync(service, "k10")).ShouldContain("pcs_registry");
        (await TablesWithAsync(service, Secret)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"use":"2.0","alg":"HS256","secret":"s"}""", "/use")]
    [InlineData("""{"use":"0.1","alg":"RS256","secret":"s"}""", "/alg")]
    [InlineData("""{"use":"0.1","alg":"HS256"}""", "/secret")]
    [InlineData("""{"use":"0.1","alg":"HS256","secret":""}""", "/secret")]
    [InlineData("""{"use":"1.0","alg":"HS256","secret":"too short for 1.0"}""", "/secret")]
    [InlineData("""{"use":"1.0","alg":"Ed25519"}""", "/public_key")]
    [InlineData("""{"use":"1.0","alg":"Ed25519","public_key":"AAAA"}""", "/public_key")]
    [InlineData("""{"use":"0.1","alg":"Ed25519","public_key":"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}""", "/public_key")]
    [InlineData("""{"use":"1.0","alg":"Ed25519","public_key":"/////////////////////////////////////////38="}""", "/public_key")]
    [InlineData("""{"use":"1.0","alg":"Ed25519","public_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}""", "/public_key")]
    [InlineData("""{"use":"1.0","alg":"Ed25519","public_key":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}""", "/public_key")]
    [InlineData("""{"use":"0.1","alg":"HS256","secret":"s","not_before":"2026-01-02T00:00:00Z","not_after":"2026-01-01T00:00:00Z"}""", "/not_after")]
    public async Task A_key_that_cannot_be_used_is_refused_when_it_is_registered(string body, string pointer)
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());

        var answer = await tenant.PutAsync("/v1/pcs/keys/k2", body);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldContain(pointer);
    }

    [Fact]
    public async Task The_secret_of_a_key_that_is_refused_is_not_kept()
    {
        await using var service = await TestService.StartAsync();
        var tenant = await PcsTenancy.NewAsync(service);

        for (var n = 0; n < 20; n++)
            (await tenant.PutAsync("/v1/pcs/keys/k1", $$"""{"use":"0.1","alg":"HS256","secret":"another {{n}}"}""")).ShouldBeProblem(409, "pcs_key_taken");
        (await tenant.PutAsync("/v1/pcs/keys/k2", """{"use":"0.1","alg":"HS256","secret":"second"}""")).Status.ShouldBe(200);

        await using var connection = await service.Database.OpenAsync();
        await using var command = new NpgsqlCommand("select count(*) from stet.pcs_key_secret", connection);
        (await command.ExecuteScalarAsync()).ShouldBe(2L);
        (await tenant.SubmitAsync(Document.Signed("second"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Parameters_hold_for_what_is_received_from_then_on()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());
        (await tenant.SubmitAsync(Doubtful)).Status.ShouldBe(202);

        var set = await tenant.PutAsync("/v1/pcs/parameters", """{"budget_tolerance":0.9}""");
        (await tenant.SubmitAsync((Doubtful with { Epoch = 8 }).Signed())).Status.ShouldBe(200);

        set.Status.ShouldBe(200, set.Text);
        var read = await tenant.ReadAsync("/v1/pcs/parameters");
        ((int)read["version"]!, (double)read["parameters"]!["budget_tolerance"]!, (long)read["parameters"]!["max_age_seconds"]!).ShouldBe((1, 0.9, 600));
        (await tenant.PutAsync("/v1/pcs/parameters", """{"budget_tolerance":1.1}""")).ShouldBeProblem(400, "invalid_request");
        (await tenant.PutAsync("/v1/pcs/parameters", """{"max_age_seconds":0}""")).ShouldBeProblem(400, "invalid_request");
        (await tenant.PutAsync("/v1/pcs/signature-policy", """{"policy":"some"}""")).ShouldBeProblem(400, "invalid_request");
        (await tenant.ReadAsync("/v1/pcs/signature-policy"))["policy"]!.ToString().ShouldBe("required");
    }

    [Fact]
    public async Task All_that_is_wrong_with_parameters_is_named_by_its_member()
    {
        var tenant = await PcsTenancy.NewAsync(await TestService.SharedAsync());

        var answer = await tenant.PutAsync(
            "/v1/pcs/parameters",
            """
            {"max_age_seconds":0,"max_outbox_age_seconds":9223372036854775807,"max_ahead_seconds":-1,"answer_lifetime_seconds":3599,
             "budget_base":1.1,"d_hat_weight":-1,"sticky_d_hat":2.6,"coh_star_tolerance":2}
            """);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([
            "/max_age_seconds", "/max_outbox_age_seconds", "/max_ahead_seconds", "/answer_lifetime_seconds",
            "/budget_base", "/d_hat_weight", "/coh_star_tolerance", "/sticky_d_hat"]);
        answer.Json["detail"]!.ToString().ShouldContain("`/budget_base` must be from 0 to 1; `/d_hat_weight` must be at least 0");
    }

    [Fact]
    public async Task Metrics_have_the_names_that_dashboards_know()
    {
        await using var service = await TestService.StartAsync();
        var tenantId = TestService.NewTenantId();
        var tenant = await PcsTenancy.NewAsync(service, tenantId);
        await tenant.SubmitAsync(Document);
        await tenant.SubmitAsync(Document);
        await tenant.SubmitAsync((Doubtful with { Epoch = 8 }).Signed());
        await tenant.SubmitAsync(Document.Signed("wrong"));

        using var http = service.AnonymousClient();
        var metrics = await http.GetStringAsync("/metrics");

        var lines = metrics.Split('\n');
        foreach (var (name, value) in ((string, int)[])[("ingest_total", 4), ("accepted", 1), ("escalated", 1), ("dedup_hits", 1), ("signature_errors", 1)])
        {
            lines.ShouldContain($"flk_{name}_by_tenant{{tenant_id=\"{tenantId}\"}} {value}");
            lines.ShouldContain($"flk_{name} {value}");
        }

        foreach (var series in (string[])[
            "flk_dedup_hits_by_status{status=\"200\"}", "flk_refused_total{code=\"signature_invalid\"}",
            "flk_verify_latency_ms_count", "flk_commit_latency_ms_count"])
            lines.ShouldContain(line => line.StartsWith($"{series} ", StringComparison.Ordinal), series);
    }

    /// <summary>The tables in which a text stands, as it is or as bytes.</summary>
    static async Task<string[]> TablesWithAsync(TestService service, string text)
    {
        await using var connection = await service.Database.OpenAsync();
        var tables = new List<string>();
        await using (var command = new NpgsqlCommand("select tablename from pg_tables where schemaname = 'stet'", connection))
        await using (var row = await command.ExecuteReaderAsync())
            while (await row.ReadAsync()) tables.Add(row.GetString(0));

        var found = new List<string>();
        foreach (var table in tables)
        {
            await using var command = new NpgsqlCommand(
                $"""
                select exists (select from stet."{table}" t
                    where position($1 in t::text) > 0 or position(encode(convert_to($1, 'UTF8'), 'hex') in t::text) > 0)
                """, connection)
            { Parameters = { new() { Value = text } } };
            if (await command.ExecuteScalarAsync() is true) found.Add(table);
        }

        return [.. found];
    }

    static async Task<long[]> EpochsAsync(Tenant tenant, string url)
    {
        var epochs = new List<long>();
        string? cursor = null;
        do
        {
            var page = await tenant.ReadAsync($"{url}{(url.Contains('?') ? '&' : '?')}limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            page["submissions"]!.AsArray().Count.ShouldBeLessThanOrEqualTo(2);
            epochs.AddRange(page["submissions"]!.AsArray().Select(s => (long)s!["epoch"]!));
            cursor = page["next_cursor"]?.ToString();
        }
        while (cursor is not null);

        return [.. epochs];
    }
}
