using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Stet.Observability;

namespace Stet.Tests.Observability;

public sealed class TraceContextSpecs
{
    const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    const string Caller = $"00-{TraceId}-b7ad6b7169203331-01";

    [Theory]
    [InlineData(Caller, Caller)]
    [InlineData($"00-{TraceId}-b7ad6b7169203331-00", $"00-{TraceId}-b7ad6b7169203331-00")]
    [InlineData($"01-{TraceId}-b7ad6b7169203331-09", Caller)]
    [InlineData($"cc-{TraceId}-b7ad6b7169203331-01-what-the-future-will-be-like", Caller)]
    [InlineData($"cc-{TraceId}-b7ad6b7169203331-fe", $"00-{TraceId}-b7ad6b7169203331-00")]
    public void A_valid_traceparent_is_kept(string header, string kept)
    {
        var context = TraceContext.Parse(header, default).ShouldNotBeNull();

        context.Parent.ShouldBe(kept);
        context.TraceId.ShouldBe(TraceId);
        context.State.ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData($"00-{TraceId}-b7ad6b7169203331-1")]
    [InlineData($"00-{TraceId}-b7ad6b7169203331-011")]
    [InlineData($"00-{TraceId}-b7ad6b7169203331-01-")]
    [InlineData($"00-{TraceId}-b7ad6b7169203331-01-extra")]
    [InlineData($"ff-{TraceId}-b7ad6b7169203331-01")]
    [InlineData($"cc-{TraceId}-b7ad6b7169203331-01.what")]
    [InlineData($".0-{TraceId}-b7ad6b7169203331-01")]
    [InlineData($"0-{TraceId}-b7ad6b7169203331-01-1")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData($"00-{TraceId}-B7AD6B7169203331-01")]
    [InlineData($"00-{TraceId}-b7ad6b7169203331-0A")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData($"00-{TraceId}-0000000000000000-01")]
    [InlineData($"00_{TraceId}-b7ad6b7169203331-01")]
    [InlineData($"00-{TraceId}_b7ad6b7169203331-01")]
    [InlineData($"00-{TraceId}-b7ad6b7169203331_01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319٣-b7ad6b7169203331-01")]
    public void An_invalid_traceparent_counts_as_none(string header) =>
        TraceContext.Parse(header, "vendor=1").ShouldBeNull();

    [Fact]
    public void A_missing_or_repeated_traceparent_counts_as_none()
    {
        TraceContext.Parse(StringValues.Empty, default).ShouldBeNull();
        TraceContext.Parse(new StringValues([Caller, Caller]), default).ShouldBeNull();
    }

    [Theory]
    [InlineData("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")]
    [InlineData("rojo=1 , \t congo=2")]
    [InlineData("rojo=1,,congo=2")]
    [InlineData("1tenant@system=value with spaces")]
    [InlineData("a_-*/9=!")]
    public void A_valid_tracestate_is_kept(string state) =>
        TraceContext.Parse(Caller, state)!.Value.State.ShouldBe(state);

    [Theory]
    [InlineData("")]
    [InlineData(" , ")]
    [InlineData("rojo")]
    [InlineData("=1")]
    [InlineData("rojo=")]
    [InlineData("rojo=1=2")]
    [InlineData("Rojo=1")]
    [InlineData("1rojo=1")]
    [InlineData("rojo =1")]
    [InlineData("tenant@=1")]
    [InlineData("@system=1")]
    [InlineData("tenant@a-system-too-long=1")]
    [InlineData("a@b@c=1")]
    [InlineData("rojo=é")]
    [InlineData("rojo=a\tb")]
    [InlineData("rojo=1,rojo=2")]
    public void An_invalid_tracestate_is_dropped_alone(string state) =>
        TraceContext.Parse(Caller, state).ShouldBe(new TraceContext(Caller, null));

    [Fact]
    public void A_tracestate_over_several_headers_is_one_list() =>
        TraceContext.Parse(Caller, new StringValues(["rojo=1", "congo=2"]))!.Value.State.ShouldBe("rojo=1,congo=2");

    [Fact]
    public void A_tracestate_beyond_32_members_or_512_characters_is_dropped()
    {
        var members = Enumerable.Range(0, 33).Select(i => $"k{i}=1").ToList();

        TraceContext.Parse(Caller, string.Join(',', members.Take(32)))!.Value.State.ShouldNotBeNull();
        TraceContext.Parse(Caller, string.Join(',', members))!.Value.State.ShouldBeNull();
        TraceContext.Parse(Caller, $"a={new string('x', 255)},b={new string('x', 255)}")!.Value.State.ShouldBeNull();
    }

    [Theory]
    [InlineData("Warning")]
    [InlineData("None")]
    public async Task The_caller_s_trace_is_known_without_an_exporter(string diagnosticsLevel)
    {
        await using var service = await Echo(diagnosticsLevel);

        (await Ask(service, Caller, "rojo=1")).ShouldBe($"{Caller} rojo=1 {TraceId}");
    }

    [Fact]
    public async Task A_request_without_a_trace_has_a_trace_id_of_its_own_and_stores_none()
    {
        await using var service = await Echo("Warning");

        (await Ask(service, null, null)).ShouldMatch("^  [0-9a-f]{32}$");
        (await Ask(service, Caller.ToUpperInvariant(), null)).ShouldMatch($"^  (?!{TraceId})[0-9a-f]{{32}}$");
    }

    [Fact]
    public void Without_an_activity_and_a_header_there_is_no_trace_id() =>
        TraceContext.TraceIdOf(new DefaultHttpContext()).ShouldBeNull();

    [Fact]
    public void A_recorded_span_stands_between_the_caller_and_what_is_stored()
    {
        using var source = new ActivitySource("Tests.TraceContext");
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var span = source.StartActivity("request", ActivityKind.Server, Caller)!;
        span.TraceStateString = "rojo=1";
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpActivityFeature>(new SpanOf(span));

        var context = TraceContext.Of(http).ShouldNotBeNull();

        context.ShouldBe(new TraceContext($"00-{TraceId}-{span.SpanId}-01", "rojo=1"));
    }

    static Task<ObservedService> Echo(string diagnosticsLevel) => ObservedService.StartAsync(
        routes: app => app.MapGet("/echo", (HttpContext http) =>
            $"{TraceContext.Of(http)?.Parent} {TraceContext.Of(http)?.State} {TraceContext.TraceIdOf(http)}"),
        settings: new() { ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = diagnosticsLevel });

    static async Task<string> Ask(ObservedService service, string? traceparent, string? tracestate)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/echo");
        if (traceparent is not null) request.Headers.Add("traceparent", traceparent);
        if (tracestate is not null) request.Headers.Add("tracestate", tracestate);
        using var response = await service.Client.SendAsync(request);

        return await response.Content.ReadAsStringAsync();
    }

    sealed class SpanOf(Activity activity) : IHttpActivityFeature
    {
        public Activity Activity { get; set; } = activity;
    }
}
