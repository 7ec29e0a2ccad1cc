using System.Net;
using System.Text;
using Npgsql;
using Stet.Testing;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Http;

/// <summary>What is refused whatever the endpoint.</summary>
public class ProblemSpecs
{
    [Fact]
    public async Task What_is_not_there_is_a_problem_document()
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.GetAsync("/v2/nothing")).ShouldBeProblem(404, "not_found");
        (await tenant.GetAsync("/")).ShouldBeProblem(404, "not_found");
    }

    [Fact]
    public async Task A_wrong_method_is_a_problem_document_that_names_the_right_ones()
    {
        var tenant = await Tenant.NewAsync();

        var get = await tenant.GetAsync("/v1/corrections");
        var post = await tenant.PostTextAsync("/v1/facts", "{}");
        var head = await tenant.SendAsync(HttpMethod.Head, "/v1/corrections", null);

        get.ShouldBeProblem(405, "method_not_allowed");
        get.Headers["Allow"].ShouldBe("POST");
        post.ShouldBeProblem(405, "method_not_allowed");
        post.Headers["Allow"].ShouldBe("GET,HEAD");
        head.Status.ShouldBe(405);
    }

    [Theory]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/jsonp")]
    [InlineData("application/json p")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("json")]
    public async Task A_body_of_another_type_is_refused(string type)
    {
        var tenant = await Tenant.NewAsync();

        foreach (var path in (string[])["/v1/corrections", "/v1/corrections/batch", "/v1/corrections/019ca7c8-0000-7000-8000-000000000001/revoke"])
            (await tenant.PostAsync(path, Correction(), ("Content-Type", type))).ShouldBeProblem(415, "unsupported_media_type");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("identity, br")]
    public async Task A_body_that_is_encoded_is_refused(string coding) =>
        (await (await Tenant.NewAsync()).PostAsync("/v1/corrections", Correction(), ("Content-Encoding", coding)))
            .ShouldBeProblem(415, "unsupported_media_type");

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=utf-8")]
    [InlineData("application/json \t; charset=utf-8")]
    public async Task Json_may_be_spelt_in_any_case_and_with_parameters(string type)
    {
        var tenant = await Tenant.NewAsync();

        (await tenant.PostAsync("/v1/corrections", Correction(), ("Content-Type", type))).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData("/v1/corrections", 256)]
    [InlineData("/v1/corrections/batch", 10 * 1024)]
    public async Task A_body_beyond_the_limit_is_refused_with_and_without_its_length(string path, int kibibytes)
    {
        var service = await TestService.SharedAsync();
        using var http = service.Client();
        var tenant = new Tenant(http);
        var body = Encoding.UTF8.GetBytes($"{{\"pad\":\"{new string('x', kibibytes * 1024)}\"}}");

        var known = await tenant.SendAsync(HttpMethod.Post, path, body);
        using var chunked = new StreamContent(new MemoryStream(body));
        chunked.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = chunked };
        request.Headers.TransferEncodingChunked = true;
        using var unknown = await http.SendAsync(request);

        known.ShouldBeProblem(413, "body_too_large");
        known.Text.ShouldContain($"{kibibytes} KiB");
        unknown.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData("PUT", "/v1/enforcement/systems/bot", """{"interval_seconds":1000000000000}""", "must be a whole number from 1 to 604800")]
    [InlineData("PUT", "/v1/enforcement/systems/bot", """{"grace_multiplier":1e30}""", "must be a number from 1 to 100")]
    [InlineData("PUT", "/v1/enforcement/systems/bot", """{"allowance":{"seconds":1e3}}""", "must be a whole number from 0 to 31536000")]
    [InlineData("POST", "/v1/enforcement/heartbeat", """{"enforced_position":9223372036854775808}""", "must be a whole number from 0 to 9007199254740991")]
    [InlineData("PUT", "/v1/pcs/parameters", """{"answer_lifetime_seconds":1e18}""", "must be a whole number from 3600 to 31622400")]
    [InlineData("POST", "/v1/policy/audit", """{"from":9223372036854775808}""", "must be a whole number of at most 9223372036854775807")]
    public async Task A_number_that_is_too_large_is_told_its_bounds(string method, string url, string body, string message)
    {
        var answer = await (await Tenant.NewAsync()).SendAsync(new HttpMethod(method), url, Encoding.UTF8.GetBytes(body));

        answer.ShouldBeProblem(400, "invalid_request");
        ((string)answer.Json["errors"]![0]!["message"]!).ShouldBe(message);
    }

    [Fact]
    public async Task A_failure_tells_nothing_of_the_inside()
    {
        await using var service = await TestService.StartAsync();
        var tenant = new Tenant(service.Client());
        await tenant.RecordAsync(Correction());
        await using (var connection = await service.Database.OpenAsync())
        await using (var drop = new NpgsqlCommand("alter table stet.facts rename to secret_facts", connection))
            await drop.ExecuteNonQueryAsync();

        foreach (var answer in (Answer[])[
            await tenant.GetAsync($"/v1/facts?{Query}"), await tenant.GetAsync($"/v1/history?{Query}"),
            await tenant.PostAsync("/v1/corrections", Correction())])
        {
            answer.ShouldBeProblem(500, "internal_error");
            ((string?)answer.Json["trace_id"]).ShouldBe("0af7651916cd43dd8448eb211c80319c");
            foreach (var inside in (string[])["facts", "Npgsql", "42P01", "relation", "at Stet", "severe", "stet."])
                answer.Text.ShouldNotContain(inside);
        }
    }
}
