using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Stet.Audit.Witnesses;
using Stet.CommandLine;
using Stet.Testing;

namespace Stet.Tests.Audit.Witnesses;

public sealed class ConfiguredWitnessesSpecs
{
    const string OtherVkey = "witness.example/w2+98a4fe8f+BM0Us3+VbpUxlP9/tzs9gdzFYdYadTgJS3w+GmQ+5fOq";

    [Fact]
    public void There_are_none_by_default() => ConfiguredWitnesses.Read(new WitnessOptions()).All.ShouldBeEmpty();

    [Fact]
    public void A_witness_has_a_key_an_address_and_by_default_the_name_of_its_key()
    {
        var witness = Read(new WitnessAddress { Vkey = RunningWitness.Vkey, Url = "https://w1.example/stet/" }).ShouldHaveSingleItem();

        witness.Name.ShouldBe("witness.example/w1");
        witness.Url.ShouldBe("https://w1.example/stet");
        witness.Key.ToString().ShouldBe(RunningWitness.Vkey);
    }

    [Fact]
    public void A_policy_adds_those_of_its_witnesses_that_have_an_address()
    {
        var policy = $"""
            # our witnesses
            witness w1 {RunningWitness.Vkey} https://w1.example
            witness w2 {OtherVkey}
            quorum w1
            """;

        ConfiguredWitnesses.Read(new WitnessOptions { WitnessPolicy = policy }).All
            .Select(w => (w.Name, w.Url)).ShouldBe([("w1", "https://w1.example")]);
    }

    [Fact]
    public async Task A_policy_may_be_a_file()
    {
        var file = Path.Combine(TestCluster.NewFolder(), "policy");
        await File.WriteAllTextAsync(file, $"witness w1 {RunningWitness.Vkey} https://w1.example\nquorum none\n");

        ConfiguredWitnesses.Read(new WitnessOptions { WitnessPolicy = $"@{file}" }).All.ShouldHaveSingleItem().Name.ShouldBe("w1");
    }

    [Theory]
    [InlineData("nonsense", "https://w1.example", "verifier key")]
    [InlineData(RunningWitness.LogVkey, "https://w1.example", "key of a log")]
    [InlineData(RunningWitness.Vkey, "w1.example", "must be absolute")]
    [InlineData(RunningWitness.Vkey, "ftp://w1.example", "must be absolute")]
    [InlineData(RunningWitness.Vkey, "", "must be absolute")]
    public void What_is_no_key_or_address_is_refused(string vkey, string url, string reason) =>
        Should.Throw<OptionsValidationException>(() => Read(new WitnessAddress { Vkey = vkey, Url = url })).Message.ShouldContain(reason);

    [Fact]
    public async Task The_description_names_them_and_says_that_the_service_would_not_start_with_a_malformed_one()
    {
        var builder = StetApplication.NewBuilder("Development");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Audit:Witnesses:0:Vkey"] = "nonsense",
            ["Audit:Witnesses:0:Url"] = "https://stet:hunter2@w1.example/",
            ["Audit:WitnessPolicy"] = "quorum none\n",
        });
        await using var app = StetApplication.Build(builder, "Host=described.invalid");

        var description = Description.Of(app, "described");

        description.Problem.ShouldNotBeNull().ShouldContain("`Audit:Witnesses`");
        description.Options["Audit:Witnesses:0:Vkey"].ShouldBe("nonsense");
        description.Options["Audit:Witnesses:0:Url"].ShouldBe("https://w1.example/");
        description.Options["Audit:WitnessPolicy"].ShouldBe("quorum none\n");
    }

    [Fact]
    public void Two_witnesses_with_one_name_are_refused() =>
        Should.Throw<OptionsValidationException>(() => Read(
            new WitnessAddress { Name = "w", Vkey = RunningWitness.Vkey, Url = "https://w1.example" },
            new WitnessAddress { Name = "w", Vkey = OtherVkey, Url = "https://w2.example" })).Message.ShouldContain("name `w`");

    [Fact]
    public void Two_witnesses_with_one_key_are_refused() =>
        Should.Throw<OptionsValidationException>(() => Read(
            new WitnessAddress { Name = "w1", Vkey = RunningWitness.Vkey, Url = "https://w1.example" },
            new WitnessAddress { Name = "w2", Vkey = RunningWitness.Vkey, Url = "https://w2.example" })).Message.ShouldContain("the key");

    [Theory]
    [InlineData("quorum")]
    [InlineData("/a/file/without/the/sign")]
    [InlineData("@/no/such/file")]
    public void What_is_no_policy_is_refused_under_its_own_option(string policy) =>
        Should.Throw<OptionsValidationException>(() => ConfiguredWitnesses.Read(new WitnessOptions { WitnessPolicy = policy }))
            .Message.ShouldContain("`Audit:WitnessPolicy`");

    static IReadOnlyList<ConfiguredWitness> Read(params WitnessAddress[] witnesses) =>
        ConfiguredWitnesses.Read(new WitnessOptions { Witnesses = [.. witnesses] }).All;
}
