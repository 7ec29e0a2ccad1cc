using Microsoft.Extensions.Configuration;
using Stet.CommandLine;
using Stet.Testing;

namespace Stet.Tests.CommandLine;

public sealed class UnknownSettingsSpecs
{
    [Theory]
    [InlineData("Audit:Foldr", "Audit:Folder")]
    [InlineData("RateLimits:Reed:Burst", "RateLimits:Read:Burst")]
    [InlineData("Stet:RateLimits:Read:Burst", "RateLimits:Read:Burst")]
    [InlineData("Observability:OtlpEndpont", "Observability:OtlpEndpoint")]
    [InlineData("Audit:Witnesses:1:Key", "Audit:Witnesses:0:Vkey")]
    [InlineData("Audit:SelfCheck:interval:x", "Audit:SelfCheck:Interval")]
    [InlineData("RateLimit:Read:Burst", "RateLimits:Read:Burst")]
    [InlineData("Audt:Folder", "Audit:Folder")]
    [InlineData("Logging:Fromat", "Logging:Format")]
    [InlineData("Loging:LogLevel:Default", "Logging:LogLevel:Default")]
    [InlineData("Obsevability:OtlpEndpoint", "Observability:OtlpEndpoint")]
    public void A_setting_that_nothing_reads_is_named_with_the_nearest(string key, string nearest) =>
        UnknownSettings.In(Configured((key, "1"))).ShouldBe([$"{key}: there is no such setting; did you mean {nearest}?"]);

    [Fact]
    public void One_that_is_near_to_none_is_not_guessed_at() =>
        UnknownSettings.In(Configured(("Pcs:Parm", "1"))).ShouldBe(["Pcs:Parm: there is no such setting; `stet describe` lists those that there are"]);

    [Theory]
    [InlineData("audit:folder")]
    [InlineData("Audit:Kek")]
    [InlineData("Audit:Witnesses:0:Vkey")]
    [InlineData("Audit:Witnesses:12:Url")]
    [InlineData("RateLimits:Write:PerSecond")]
    [InlineData("Audit:SelfCheck:Interval")]
    [InlineData("Logging:LogLevel:Stet")]
    [InlineData("Logging:Console:LogLevel:Default")]
    [InlineData("Kestrel:Limits:MaxConcurrentConnections")]
    [InlineData("ConnectionStrings:Stet")]
    [InlineData("Auction:Folder")]
    [InlineData("STET_PG_BIN")]
    [InlineData("SET")]
    public void What_is_read_or_is_another_programs_is_not(string key) => UnknownSettings.In(Configured((key, "1"))).ShouldBeEmpty();

    [Fact]
    public void Every_option_that_has_a_value_is_known() =>
        UnknownSettings.In(Configured([.. OptionValues.In(Configured()).Select(o => (o.Key, o.Value))])).ShouldBeEmpty();

    [Fact]
    public async Task The_service_warns_when_it_starts_and_the_description_says_it()
    {
        const string Told = "Audit:Foldr: there is no such setting; did you mean Audit:Folder?";
        (string, string?)[] misspelt = [("Audit__Foldr", "/srv/stet")];
        var port = ServiceProcess.FreePort();
        await using var stet = ServiceProcess.RunWith(
            misspelt, port, ["run", "--data", TestCluster.NewFolder(), "--urls", $"http://127.0.0.1:{port}"]);
        await using var described = ServiceProcess.RunWith(misspelt, 0, ["describe"]);

        await stet.ReadyAsync();
        (await described.ExitAsync()).ShouldBe(0);

        stet.Output.Split($"\"message\":\"{Told}").Length.ShouldBe(2, stet.Output);
        described.Output.ShouldContain(Told);
    }

    static IConfiguration Configured(params (string Key, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build();
}
