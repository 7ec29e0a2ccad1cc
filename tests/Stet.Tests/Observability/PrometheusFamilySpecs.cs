using Stet.Observability;

namespace Stet.Tests.Observability;

public sealed class PrometheusFamilySpecs
{
    [Theory]
    [InlineData("http.server.request.duration", "histogram", "s", "http_server_request_duration_seconds")]
    [InlineData("dotnet.gc.collections", "counter", "{collection}", "dotnet_gc_collections")]
    [InlineData("process.cpu.time", "counter", "s", "process_cpu_time_seconds")]
    [InlineData("requests_total", "counter", "", "requests")]
    [InlineData("requests_total", "gauge", "", "requests_total")]
    [InlineData("sent.bytes", "counter", "By", "sent_bytes")]
    [InlineData("bytes", "gauge", "By", "bytes")]
    [InlineData("megabytes", "gauge", "By", "megabytes_bytes")]
    [InlineData("throughput", "gauge", "By/s", "throughput_bytes_per_second")]
    [InlineData("commands", "gauge", "{command}/s", "commands_per_second")]
    [InlineData("speed", "gauge", "m/h", "speed_meters_per_hour")]
    [InlineData("used", "gauge", "1", "used")]
    [InlineData("used", "gauge", "%", "used_percent")]
    [InlineData("weight", "gauge", "stone", "weight_stone")]
    [InlineData("weird--name..of/things", "gauge", "", "weird_name_of_things")]
    [InlineData("2fast", "gauge", "", "_2fast")]
    [InlineData("rule:job", "gauge", "", "rule:job")]
    public void Names_follow_the_compatibility_specification(string name, string type, string unit, string expected) =>
        PrometheusFamily.Of(name, type, unit, "").Name.ShouldBe(expected);
}
