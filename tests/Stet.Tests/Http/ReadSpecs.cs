using System.Net;
using System.Text.Json.Nodes;
using Stet.Testing;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Http;

/// <summary>What all reads share: validators, HEAD, the position they reflect.</summary>
public class ReadSpecs
{
    public static TheoryData<string> Reads =>
        [$"/v1/facts?{Query}", $"/v1/facts/context?{Query}", $"/v1/history?{Query}", "/v1/corrections/{id}?requester_id=allergy-bot"];

    [Theory, MemberData(nameof(Reads))]
    public async Task A_client_that_has_the_bytes_gets_a_304(string url)
    {
        var (tenant, path) = await Recorded(url);
        var first = await tenant.GetAsync(path);

        foreach (var tags in (string[])[first.ETag!, $"W/{first.ETag}", $"\"x\", {first.ETag}", "*"])
        {
            var again = await tenant.GetAsync(path, ("If-None-Match", tags));
            (again.Status, again.Text, again.ETag).ShouldBe((304, "", first.ETag), tags);
            again.Headers["Stet-Position"].ShouldBe("1");
        }

        foreach (var tags in (string[])["\"x\"", "x", first.ETag!.ToUpperInvariant() + "x"])
            (await tenant.GetAsync(path, ("If-None-Match", tags))).Status.ShouldBe(200, tags);
        first.ETag.ShouldMatch("^\"[0-9a-f]{32}\"$");
        first.Headers["Cache-Control"].ShouldContain("no-cache");
    }

    [Theory, MemberData(nameof(Reads))]
    public async Task A_parameter_that_a_read_does_not_take_is_refused(string url)
    {
        var (tenant, path) = await Recorded(url);

        var misspelt = await tenant.GetAsync($"{path}&asof=3");

        misspelt.ShouldBeProblem(400, "invalid_request");
        misspelt.Pointers.ShouldBe(["asof"]);
        ((string)misspelt.Json["detail"]!).ShouldContain("it takes ");
    }

    [Theory]
    [InlineData("GET", "/v1/tenants/{tenant}/audit/export?min_position=1", "min_position")]
    [InlineData("GET", "/v1/tenants/{tenant}/audit/tile/0/000.p/1?zzz=1", "zzz")]
    [InlineData("GET", "/v1/tenants/{tenant}/audit/evidence/01930a5e-7c00-7abc-8def-012345678900?zzz=1", "zzz")]
    [InlineData("GET", "/v1/policy/candidates/x/diff/y?zzz=1", "zzz")]
    [InlineData("GET", "/v1/audit/keys?zzz=1", "zzz")]
    [InlineData("PUT", "/v1/tenants/{tenant}?receipt=maybe", "receipt")]
    [InlineData("POST", "/v1/corrections?recipt=true", "recipt")]
    [InlineData("POST", "/v1/enforcement/heartbeat?recipt=true", "recipt")]
    [InlineData("POST", "/v1/policy/changes?receipt=true", "receipt")]
    [InlineData("POST", "/access/v1/evaluation?pep=gateway", "pep")]
    [InlineData("POST", "/as-of/1/access/v1/evaluation?zzz=1", "zzz")]
    [InlineData("DELETE", "/v1/policy/entities/U/1?zzz=1", "zzz")]
    public async Task A_parameter_that_a_call_does_not_take_is_refused(string method, string url, string parameter)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.SendAsync(
            new HttpMethod(method), url.Replace("{tenant}", tenant.Id, StringComparison.Ordinal), method == "POST" ? "{}"u8.ToArray() : null);

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([parameter]);
    }

    [Theory]
    [InlineData("v1/facts?subject_type=pct&subject_id=%ff&requester_id=bot", "query")]
    [InlineData("v1/facts?subject_type=pct&subject_id=%ED%A0%80&requester_id=bot", "query")]
    [InlineData("v1/facts?subject_type=pct&subject_id=%zz&requester_id=bot", "query")]
    [InlineData("v1/facts?subject_type=pct&subject_id=a&requester_id=bot%4", "query")]
    [InlineData("v1/policy/entities/Resource/%zz", "path")]
    public async Task Escapes_that_are_no_UTF_8_are_refused(string url, string pointer)
    {
        var service = await TestService.SharedAsync();
        using var http = service.Client();

        // Else the client would escape the percent sign of what is no escape.
        var asItStands = new Uri($"{service.Address}{url}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var answer = await http.GetAsync(asItStands);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        ((string?)problem["errors"]![0]!["pointer"]).ShouldBe(pointer);
    }

    [Theory]
    [InlineData("/v1/facts?=5", "`query` has a parameter without a name")]
    [InlineData("/v1/facts?subject_type=%00", "`subject_type` must have 1 to 200 characters, without U+0000")]
    [InlineData("/v1/enforcement/status?system_id=%00", "`system_id` must have 1 to 200 characters, without U+0000")]
    [InlineData("/v1/facts?subject_type=a&subject_id=b&requester_id=c&field_keys=%00", "`field_keys` may hold at most 100 texts of at most 200 characters, without U+0000")]
    public async Task What_is_wrong_with_a_parameter_is_told(string url, string detail) =>
        ((string)(await (await Tenant.NewAsync()).GetAsync(url)).Json["detail"]!).ShouldBe(detail);

    [Fact]
    public async Task The_keys_of_a_log_are_told_as_of_a_position_at_least()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.RecordAsync(Correction());

        (await tenant.GetAsync("/v1/audit/keys?min_position=1")).Status.ShouldBe(200);
        (await tenant.GetAsync("/v1/audit/keys?min_position=99999999")).ShouldBeProblem(503, "position_not_reached");
    }

    [Theory, MemberData(nameof(Reads))]
    public async Task Head_is_get_without_the_body(string url)
    {
        var (tenant, path) = await Recorded(url);
        var got = await tenant.GetAsync(path);

        var head = await tenant.SendAsync(HttpMethod.Head, path, null);

        head.Status.ShouldBe(200);
        head.Text.ShouldBeEmpty();
        head.ETag.ShouldBe(got.ETag);
        head.Headers["Content-Length"].ShouldBe(got.Headers["Content-Length"]);
        head.Headers["Content-Type"].ShouldBe(got.Headers["Content-Type"]);
    }

    [Theory, MemberData(nameof(Reads))]
    public async Task A_read_may_name_the_position_it_must_show(string url)
    {
        var (tenant, path) = await Recorded(url);

        var reached = await tenant.GetAsync($"{path}&min_position=1");
        var waiting = tenant.GetAsync($"{path}&min_position=2");
        await tenant.RecordAsync(Correction("another"));
        var waited = await waiting;
        var ahead = await tenant.GetAsync($"{path}&min_position=99");

        reached.Status.ShouldBe(200);
        waited.Status.ShouldBe(200);
        waited.Headers["Stet-Position"].ShouldBe("2");
        ahead.ShouldBeProblem(503, "position_not_reached");
        ahead.Headers["Retry-After"].ShouldBe("1");
    }

    static async Task<(Tenant Tenant, string Path)> Recorded(string url)
    {
        var tenant = await Tenant.NewAsync();
        var id = (string)(await tenant.RecordAsync(Correction()))["correction_id"]!;
        return (tenant, url.Replace("{id}", id));
    }
}
