using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Stet.Observability;

namespace Stet.Tests.Observability;

public sealed class MetricsSpecs
{
    const string OpenMetrics = "application/openmetrics-text; version=1.0.0";

    [Fact]
    public async Task Requests_are_counted_under_their_route()
    {
        await using var service = await ObservedService.StartAsync(
            routes: app => app.MapGet("/requests-are-counted/{id}", (int id) => $"{id}"));
        await service.GetAsync("/requests-are-counted/1");
        await service.GetAsync("/requests-are-counted/2");

        var duration = Exposition.Parse(await service.GetAsync("/metrics"))["http_server_request_duration_seconds"];

        duration.Type.ShouldBe("histogram");
        duration.Help.ShouldBe("Duration of HTTP server requests.");
        var counts = duration.Samples.Where(s => s.Name == $"{duration.Name}_count");
        var counted = counts.Single(s => s.Labels["http_route"] == "/requests-are-counted/{id}");
        counted.Value.ShouldBe(2);
        counted.Labels["http_response_status_code"].ShouldBe("200");
        counted.Labels["http_request_method"].ShouldBe("GET");
    }

    [Fact]
    public async Task A_scrape_and_a_probe_do_not_count_as_traffic()
    {
        await using var service = await ObservedService.StartAsync();
        await service.GetAsync("/metrics");
        await service.GetAsync("/livez");

        var families = Exposition.Parse(await service.GetAsync("/metrics"));

        families.GetValueOrDefault("http_server_request_duration_seconds")?.Samples
            .ShouldNotContain(s => s.Labels.GetValueOrDefault("http_route") == "/metrics"
                || s.Labels.GetValueOrDefault("http_route") == "/livez");
    }

    [Theory]
    [InlineData("dotnet_gc_collections_total", "counter")]
    [InlineData("dotnet_process_memory_working_set_bytes", "gauge")]
    [InlineData("dotnet_process_cpu_time_seconds_total", "counter")]
    [InlineData("kestrel_active_connections", "gauge")]
    [InlineData("http_server_active_requests", "gauge")]
    [InlineData("target_info", "gauge")]
    public async Task The_platform_s_meters_are_there_without_configuration(string family, string type)
    {
        await using var service = await ObservedService.StartAsync();

        Exposition.Parse(await service.GetAsync("/metrics"))[family].Type.ShouldBe(type);
    }

    [Fact]
    public async Task The_target_names_service_and_version()
    {
        await using var service = await ObservedService.StartAsync();

        var target = Exposition.Parse(await service.GetAsync("/metrics"))["target_info"].Samples.ShouldHaveSingleItem();

        target.Labels["service_name"].ShouldBe("stet");
        target.Labels["service_version"].ShouldBe(ObservabilityModule.Version);
        target.Value.ShouldBe(1);
    }

    [Fact]
    public async Task Label_values_and_help_texts_survive_every_character()
    {
        using var meter = new Meter("Tests.Labels");
        await using var service = await ObservedService.StartAsync(instrumentation: [meter.Name]);
        var counter = meter.CreateCounter<long>("hostile.labels", "{thing}", "Back\\slash, \"quotes\" and\na line");
        const string hostile = "a\\b\"c\nd{e=\"f\"},\\n é 漢";

        counter.Add(3, new("the.key", hostile), new("flag", true), new("none", null), new("9lives", 1.5));

        var text = await service.GetAsync("/metrics");
        var family = Exposition.Parse(text)["hostile_labels_total"];
        var sample = family.Samples.ShouldHaveSingleItem();
        sample.Labels.ShouldBe(
            new Dictionary<string, string>
            {
                ["the_key"] = hostile,
                ["flag"] = "true",
                ["none"] = "",
                ["key_9lives"] = "1.5",
            },
            ignoreOrder: true);
        sample.Value.ShouldBe(3);
        family.Help.ShouldBe("""Back\\slash, "quotes" and\na line""");
        var inOpenMetrics = Exposition.Parse(await service.GetAsync("/metrics", OpenMetrics), openMetrics: true);
        inOpenMetrics["hostile_labels"].Help.ShouldBe("""Back\\slash, \"quotes\" and\na line""");
    }

    [Fact]
    public async Task A_service_shows_its_own_meters_whatever_becomes_of_another_in_the_process()
    {
        var other = await ObservedService.StartAsync(instrumentation: ["Tests.Own"]);
        await using var service = await ObservedService.StartAsync(instrumentation: ["Tests.Own"]);
        CounterOf(other).Add(5);
        CounterOf(service).Add(1);
        await other.DisposeAsync();
        await service.GetAsync("/metrics"); // notices what has ended
        CounterOf(service).Add(1);

        Exposition.Parse(await service.GetAsync("/metrics"))["own_total"].Samples.ShouldHaveSingleItem().Value.ShouldBe(2);

        static Counter<long> CounterOf(ObservedService owner) =>
            owner.Services.GetRequiredService<IMeterFactory>().Create("Tests.Own").CreateCounter<long>("own");
    }

    [Fact]
    public async Task Keys_that_become_the_same_label_share_it()
    {
        using var meter = new Meter("Tests.SharedLabel");
        await using var service = await ObservedService.StartAsync(instrumentation: [meter.Name]);

        meter.CreateUpDownCounter<int>("shared.label").Add(-2, new("a.b", "one"), new("a_b", "two"), new("le", "three"));
        meter.CreateHistogram<double>("shared.bucket").Record(1, new KeyValuePair<string, object?>("le", "three"));

        var families = Exposition.Parse(await service.GetAsync("/metrics"));
        var sample = families["shared_label"].Samples.ShouldHaveSingleItem();
        sample.Labels["a_b"].Split(';').ShouldBe(["one", "two"], ignoreOrder: true);
        sample.Labels["le"].ShouldBe("three");
        sample.Value.ShouldBe(-2);
        families["shared_bucket"].Samples.ShouldAllBe(s => s.Labels["exported_le"] == "three");
    }

    [Fact]
    public async Task Histograms_keep_their_advised_buckets_and_count_cumulatively()
    {
        using var meter = new Meter("Tests.Buckets");
        await using var service = await ObservedService.StartAsync(instrumentation: [meter.Name]);
        var histogram = meter.CreateHistogram(
            "wait", "s", "", [], new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 1, 10] });

        foreach (var value in (double[])[0.001, 0.5, 0.5, 7, 70]) histogram.Record(value);

        var text = Exposition.Parse(await service.GetAsync("/metrics"))["wait_seconds"];
        text.Samples.Where(s => s.Name == "wait_seconds_bucket").Select(s => (s.Labels["le"], s.Value))
            .ShouldBe([("0.005", 1), ("1", 3), ("10", 4), ("+Inf", 5)]);
        text.Samples.Single(s => s.Name == "wait_seconds_sum").Value.ShouldBe(78.001);
        text.Help.ShouldBeNull();
        var inOpenMetrics = Exposition.Parse(await service.GetAsync("/metrics", OpenMetrics), openMetrics: true);
        inOpenMetrics["wait_seconds"].Unit.ShouldBe("seconds");
        inOpenMetrics["wait_seconds"].Samples.Where(s => s.Labels.ContainsKey("le")).Select(s => s.Labels["le"])
            .ShouldBe(["0.005", "1.0", "10.0", "+Inf"]);
    }

    [Fact]
    public async Task Numbers_that_are_not_finite_are_spelled_as_Prometheus_does()
    {
        using var meter = new Meter("Tests.Numbers");
        await using var service = await ObservedService.StartAsync(instrumentation: [meter.Name]);
        meter.CreateObservableGauge("odd.numbers", () => (Measurement<double>[])
        [
            new(double.NaN, new KeyValuePair<string, object?>("n", "nan")),
            new(double.PositiveInfinity, new KeyValuePair<string, object?>("n", "plus")),
            new(double.NegativeInfinity, new KeyValuePair<string, object?>("n", "minus")),
            new(1e-7, new KeyValuePair<string, object?>("n", "small")),
        ]);

        var numbers = Exposition.Parse(await service.GetAsync("/metrics"))["odd_numbers"];

        numbers.Only(("n", "nan")).Value.ShouldBe(double.NaN);
        numbers.Only(("n", "plus")).Value.ShouldBe(double.PositiveInfinity);
        numbers.Only(("n", "minus")).Value.ShouldBe(double.NegativeInfinity);
        numbers.Only(("n", "small")).Value.ShouldBe(1e-7);
    }

    [Fact]
    public async Task Two_metrics_of_one_name_give_one_family()
    {
        using var first = new Meter("Tests.SameName.First");
        using var second = new Meter("Tests.SameName.Second");
        await using var service = await ObservedService.StartAsync(instrumentation: [first.Name, second.Name]);

        first.CreateCounter<long>("same.name").Add(1);
        second.CreateCounter<long>("same_name").Add(2);

        Exposition.Parse(await service.GetAsync("/metrics"))["same_name_total"].Samples.ShouldHaveSingleItem()
            .Value.ShouldBe(1);
    }

    [Fact]
    public async Task More_series_than_the_limit_flow_together()
    {
        using var meter = new Meter("Tests.Cardinality");
        await using var service = await ObservedService.StartAsync(instrumentation: [meter.Name]);
        var counter = meter.CreateCounter<long>("many");

        for (var i = 0; i < Telemetry.SeriesPerMetric + 500; i++)
            counter.Add(1, new KeyValuePair<string, object?>("i", i));

        var many = Exposition.Parse(await service.GetAsync("/metrics"))["many_total"];
        many.Samples.Count.ShouldBe(Telemetry.SeriesPerMetric + 1);
        many.Only(("otel_metric_overflow", "true")).Value.ShouldBe(500);
    }

    [Fact]
    public async Task An_instrument_that_throws_spoils_no_scrape()
    {
        using var meter = new Meter("Tests.Throws");
        await using var service = await ObservedService.StartAsync(instrumentation: [meter.Name]);
        meter.CreateObservableGauge("throws", int () => throw new InvalidOperationException("broken instrument"));
        meter.CreateObservableGauge("works", () => 7);

        var families = Exposition.Parse(await service.GetAsync("/metrics"));

        families["works"].Samples.ShouldHaveSingleItem().Value.ShouldBe(7);
        families.ShouldNotContainKey("throws");
    }

    [Fact]
    public async Task Scrapes_at_the_same_time_are_each_complete()
    {
        await using var service = await ObservedService.StartAsync();

        var scrapes = await Task.WhenAll(Enumerable.Range(0, 32).Select(i =>
            service.GetAsync("/metrics", i % 2 == 0 ? OpenMetrics : null)));

        for (var i = 0; i < scrapes.Length; i++)
            Exposition.Parse(scrapes[i], openMetrics: i % 2 == 0).Count.ShouldBeGreaterThan(10);
    }

    [Theory]
    [InlineData(null, "text/plain")]
    [InlineData("*/*", "text/plain")]
    [InlineData("text/html", "text/plain")]
    [InlineData("not a media type", "text/plain")]
    [InlineData("text/plain;version=0.0.4", "text/plain")]
    [InlineData("application/openmetrics-text;version=0.0.1", "text/plain")]
    [InlineData("application/openmetrics-text;q=0.2,text/plain;q=0.7", "text/plain")]
    [InlineData("application/openmetrics-text;q=0", "text/plain")]
    [InlineData("application/openmetrics-text", "application/openmetrics-text")]
    [InlineData("application/openmetrics-text; version=1.0.0; escaping=underscores;q=0.6,application/openmetrics-text;"
        + "version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.2", "application/openmetrics-text")]
    public async Task The_scraper_chooses_the_format(string? accept, string mediaType)
    {
        await using var service = await ObservedService.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);

        using var response = await service.Client.SendAsync(request);

        var type = response.Content.Headers.ContentType!;
        type.MediaType.ShouldBe(mediaType);
        type.CharSet.ShouldBe("utf-8");
        type.Parameters.Single(p => p.Name == "version").Value.ShouldBe(mediaType == "text/plain" ? "0.0.4" : "1.0.0");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        Exposition.Parse(await response.Content.ReadAsStringAsync(), mediaType != "text/plain").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Head_answers_as_get_does_without_a_body()
    {
        await using var service = await ObservedService.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/metrics");

        using var response = await service.Client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentLength!.Value.ShouldBeGreaterThan(0);
        (await response.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_is_collected_before_the_start()
    {
        using var exporter = new PrometheusExporter();

        (await exporter.ScrapeAsync(openMetrics: false, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_collection_that_fails_is_answered_with_503()
    {
        await using var service = await ObservedService.StartAsync();
        service.Services.GetRequiredService<PrometheusExporter>().Collect = _ => false;

        using var response = await service.Client.GetAsync("/metrics");

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await response.Content.ReadAsStringAsync()).ShouldBeEmpty();
    }
}
