using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Stet.Tests;

public class ProblemsSpecs
{
    static readonly Problem Plain = new("no_such_fact", 404, "There is no such fact", "no fact `blood.type`");

    [Fact]
    public async Task A_problem_is_an_RFC_9457_document()
    {
        var context = Request();

        await Problems.WriteAsync(context, Plain);

        context.Response.StatusCode.ShouldBe(404);
        context.Response.ContentType.ShouldBe("application/problem+json");
        context.Response.Headers.ContainsKey("Retry-After").ShouldBeFalse();
        Body(context).ShouldBe(
            """{"type":"urn:stet:problem:no_such_fact","title":"There is no such fact","status":404,"detail":"no fact `blood.type`","code":"no_such_fact"}""");
        context.Response.ContentLength.ShouldBe(Encoding.UTF8.GetByteCount(Body(context)));
    }

    [Fact]
    public async Task A_problem_lists_the_wrong_members_and_says_when_to_come_back()
    {
        var context = Request();

        await Problems.Answer(Plain with { Errors = [new("/subject/id", "is empty")], RetryAfterSeconds = 7 }).ExecuteAsync(context);

        context.Response.Headers.RetryAfter.ToString().ShouldBe("7");
        Body(context).ShouldContain("""
            "errors":[{"pointer":"/subject/id","message":"is empty"}]
            """);
    }

    [Fact]
    public async Task A_problem_names_the_trace_it_happened_in()
    {
        var context = Request();
        using var activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();

        await Problems.WriteAsync(context, Plain);

        JsonDocument.Parse(Body(context)).RootElement.GetProperty("trace_id").GetString().ShouldBe(activity.TraceId.ToHexString());
    }

    [Fact]
    public async Task Quoted_input_cannot_break_the_document()
    {
        var context = Request();

        await Problems.WriteAsync(context, Plain with { Detail = "no fact `\"\ud800\u0000\n`" });

        JsonDocument.Parse(Body(context)).RootElement.GetProperty("detail").GetString().ShouldBe("no fact `\"\ufffd\0\n`");
    }

    static DefaultHttpContext Request() => new() { Response = { Body = new MemoryStream() } };

    static string Body(DefaultHttpContext context) => Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
}
