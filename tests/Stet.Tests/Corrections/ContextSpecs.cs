using System.Text;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

public class ContextSpecs
{
    const string Url = $"/v1/facts/context?{Query}";

    [Fact]
    public async Task The_block_is_markdown_unless_json_is_asked_for()
    {
        var tenant = await Tenant.NewAsync();
        var id = (string)(await tenant.RecordAsync(Correction()))["correction_id"]!;

        var markdown = await tenant.GetAsync(Url);
        var json = await tenant.GetAsync($"{Url}&format=json");

        markdown.Headers["Content-Type"].ShouldBe("text/markdown; charset=utf-8");
        markdown.Text.ShouldContain($$"""{"field":"allergies.penicillin","value":"severe","correction":"{{id}}"}""");
        markdown.Headers["Stet-Estimated-Tokens"].ShouldBe($"{(Encoding.UTF8.GetByteCount(markdown.Text) + 3) / 4}");
        json.Headers["Content-Type"].ShouldBe("application/json");
        json.Json["facts"]![0]!["correction_id"]!.ToString().ShouldBe(id);
        ((int)json.Json["omitted"]!).ShouldBe(0);
        ((string)json.Json["instruction"]!).ShouldContain("do not contradict");
    }

    [Fact]
    public async Task An_unchanged_block_costs_a_304_though_the_log_went_on()
    {
        var tenant = await Tenant.NewAsync();
        await tenant.RecordAsync(Correction());
        var first = await tenant.GetAsync(Url);
        var firstJson = await tenant.GetAsync($"{Url}&format=json");

        await tenant.RecordAsync(Correction("elsewhere").Permitting(readers: ["somebody-else"]));
        var unchanged = await tenant.GetAsync(Url, ("If-None-Match", first.ETag!));
        var unchangedJson = await tenant.GetAsync($"{Url}&format=json", ("If-None-Match", firstJson.ETag!));
        await tenant.RecordAsync(Correction(value: "mild"));
        var changed = await tenant.GetAsync(Url, ("If-None-Match", first.ETag!));

        (unchanged.Status, unchanged.Text, unchanged.ETag).ShouldBe((304, "", first.ETag));
        unchangedJson.Status.ShouldBe(304);
        changed.Status.ShouldBe(200);
        first.ETag.ShouldStartWith("\"");
    }

    [Fact]
    public async Task A_bound_leaves_facts_out_the_newest_last_and_says_so()
    {
        var tenant = await Tenant.NewAsync();
        for (var i = 0; i < 20; i++) await tenant.RecordAsync(Correction($"field.{i}", new string('x', 50)));

        var markdown = await tenant.GetAsync($"{Url}&max_tokens=200");
        var json = await tenant.GetAsync($"{Url}&max_tokens=200&format=json");

        int.Parse(markdown.Headers["Stet-Estimated-Tokens"]).ShouldBeLessThanOrEqualTo(200);
        markdown.Text.ShouldContain("field.19");
        markdown.Text.ShouldNotContain("field.0\"");
        markdown.Text.ShouldContain("Facts left out for want of room: ");
        ((int)json.Json["omitted"]!).ShouldBeInRange(1, 19);
        ((int)json.Json["estimated_tokens"]!).ShouldBeLessThanOrEqualTo(200);
    }

    [Theory]
    [InlineData("", "", "text/markdown")]
    [InlineData("", "*/*", "text/markdown")]
    [InlineData("", "application/json", "application/json")]
    [InlineData("", "text/markdown;q=0.5, application/*", "application/json")]
    [InlineData("", "application/json;q=0.2, text/*;q=0.3", "text/markdown")]
    [InlineData("", "application/json;q=0, */*", "text/markdown")]
    [InlineData("", "image/png", "text/markdown")]
    [InlineData("", "no media type", "text/markdown")]
    [InlineData("&format=markdown", "application/json", "text/markdown")]
    [InlineData("&format=json", "text/markdown", "application/json")]
    public async Task Without_a_format_the_client_is_asked_what_it_accepts(string query, string accept, string mediaType)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.GetAsync($"{Url}{query}", ("Accept", accept));

        answer.Status.ShouldBe(200, answer.Text);
        answer.Headers["Content-Type"].Split(';')[0].ShouldBe(mediaType);
        answer.Headers.GetValueOrDefault("Vary").ShouldBe(query.Length == 0 ? "Accept" : null);
    }

    [Theory]
    [InlineData("format=html", "format")]
    [InlineData("max_tokens=63", "max_tokens")]
    [InlineData("max_tokens=64", "max_tokens")]
    [InlineData("max_tokens=100001", "max_tokens")]
    [InlineData("max_tokens=-5", "max_tokens")]
    [InlineData("max_tokens=many", "max_tokens")]
    public async Task A_wrong_parameter_is_refused_by_name(string query, string name)
    {
        var tenant = await Tenant.NewAsync();

        var answer = await tenant.GetAsync($"{Url}&{query}");

        answer.ShouldBeProblem(400, "invalid_request");
        answer.Pointers.ShouldBe([name]);
    }
}
