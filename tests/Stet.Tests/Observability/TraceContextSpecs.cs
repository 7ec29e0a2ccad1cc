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
    public void A_valid_traceparent_is_kept(string header, string kept) => TraceContext.Parent(header).ShouldBe(kept);

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
        TraceContext.Parent(header).ShouldBeNull();

    [Fact]
    public void A_missing_or_repeated_traceparent_counts_as_none()
    {
        TraceContext.Parent(StringValues.Empty).ShouldBeNull();
        TraceContext.Parent(new StringValues([Caller, Caller])).ShouldBeNull();
    }

    [Theory]
    [InlineData("Warning")]
    [InlineData("None")]
    public async Task The_caller_s_trace_is_known_without_an_exporter(string diagnosticsLevel)
    {
        await using var service = await Echo(diagnosticsLevel);

        (await Ask(service, Caller)).ShouldBe(Caller);
    }

    [Fact]
    public async Task A_request_without_a_trace_stores_none()
    {
        await using var service = await Echo("Warning");

        (await Ask(service, null)).ShouldBeEmpty();
        (await Ask(service, Caller.ToUpperInvariant())).ShouldBeEmpty();
    }

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
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpActivityFeature>(new SpanOf(span));

        TraceContext.ParentOf(http).ShouldBe($"00-{TraceId}-{span.SpanId}-01");
    }

    static Task<ObservedService> Echo(string diagnosticsLevel) => ObservedService.StartAsync(
        routes: app => app.MapGet("/echo", (HttpContext http) => TraceContext.ParentOf(http) ?? ""),
        settings: new() { ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = diagnosticsLevel });

    static async Task<string> Ask(ObservedService service, string? traceparent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/echo");
        if (traceparent is not null) request.Headers.Add("traceparent", traceparent);
        using var response = await service.Client.SendAsync(request);

        return await response.Content.ReadAsStringAsync();
    }

    sealed class SpanOf(Activity activity) : IHttpActivityFeature
    {
        public Activity Activity { get; set; } = activity;
    }
}
