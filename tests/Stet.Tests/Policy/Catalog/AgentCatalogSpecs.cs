using Stet.Testing;
using Stet.Tests.CommandLine;

namespace Stet.Tests.Policy.Catalog;

/// <summary>The ready-made rules for AI agents, used as their users do: written into a folder, checked, tested.</summary>
public sealed class AgentCatalogSpecs
{
    [Fact]
    public async Task They_are_valid_and_pass_their_own_tests()
    {
        var run = await CommandRun.OfAsync(["test", await WrittenAsync()]);

        run.ExitCode.ShouldBe(0, run.Output + run.Errors);
        run.Output.ShouldMatch("^[0-9]+ tests passed: candidate [0-9a-f]{12}\n$");
    }

    [Fact]
    public async Task They_are_laid_out_as_the_formatter_does_it() =>
        (await CommandRun.OfAsync(["format", "--check", await WrittenAsync()])).ShouldBe(new CommandRun(0, "", ""));

    [Fact]
    public async Task Files_that_are_there_are_never_overwritten()
    {
        var folder = await WrittenAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "tools.cedar"), "mine");

        var run = await CommandRun.OfAsync(["init", folder], folder);

        run.ExitCode.ShouldBe(2);
        run.Errors.ShouldContain("is there already: name another folder");
        (await File.ReadAllTextAsync(Path.Combine(folder, "tools.cedar"))).ShouldBe("mine");
    }

    [Theory]
    [InlineData("init")]
    [InlineData("init", "--force")]
    public async Task A_folder_has_to_be_named(params string[] arguments) =>
        (await CommandRun.OfAsync(arguments)).ShouldBe(new CommandRun(2, "", "Name one folder: `stet policy init DIR`.\n"));

    [Fact]
    public async Task Only_one_folder_is_taken() =>
        (await CommandRun.OfAsync(["init", "one", "two"])).ShouldBe(new CommandRun(2, "", "`two` is not understood; see `stet policy init --help`.\n"));

    [Fact]
    public async Task No_address_and_no_prefix_leads_into_a_private_network()
    {
        string[] closed =
        [
            "0.0.0.1", "0.0.0.0/0", "0.0.0.0/7", "10.0.0.1", "10.0.0.1/7", "100.64.0.1", "100.64.0.0/9", "127.0.0.1", "127.0.0.1/1",
            "169.254.169.254", "169.254.0.0/15", "172.16.0.1", "172.16.0.0/11", "192.0.0.192", "192.0.0.0/23", "192.168.0.1",
            "192.168.0.0/15", "198.18.0.1", "198.18.0.0/14", "224.0.0.1", "240.0.0.1", "255.255.255.255", "224.0.0.0/2", "::", "::1",
            "::7f00:1", "::ffff:a00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "100::1", "2001::a00:1", "2001::/31", "2002:7f00:1::",
            "2002::/15", "2000::/3", "fc00::1", "fe80::1", "fec0::1", "ff02::1", "::/0",
        ];
        string[] open = ["9.255.255.255", "11.0.0.0/8", "93.184.216.34", "192.0.1.1", "223.255.255.255", "2606:2800:220:1::1", "2a00::/16"];
        var folder = await WrittenAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "tests/egress.json"), $"[{string.Join(',', [
            .. closed.Select(ip => Connection(ip, "{\"decision\": false, \"class\": \"forbidden\"}")),
            .. open.Select(ip => Connection(ip, "{\"decision\": true}"))])}]");

        var run = await CommandRun.OfAsync(["test", folder]);

        run.ExitCode.ShouldBe(0, run.Output + run.Errors);

        static string Connection(string ip, string expected) => $$$"""
            {"name": "{{{ip}}}", "expected": {{{expected}}}, "request": {
              "subject": {"type": "identity", "id": "ada"}, "action": {"name": "connect"},
              "resource": {"type": "host", "id": "api.payments.example"},
              "context": {"agent": "support-bot", "ip": "{{{ip}}}", "port": 443} } }
            """;
    }

    // Every rule is there for a reason: without it some test fails.
    [Theory]
    [InlineData("tool-in-scope")]
    [InlineData("tool-step-up")]
    [InlineData("tool-suspended")]
    [InlineData("tool-needs-approval")]
    [InlineData("tool-in-working-hours")]
    [InlineData("data-within-clearance")]
    [InlineData("data-confidential")]
    [InlineData("data-restricted")]
    [InlineData("data-residency")]
    [InlineData("egress-in-scope")]
    [InlineData("egress-private-network")]
    [InlineData("egress-covers-private-network")]
    [InlineData("egress-region")]
    [InlineData("mcp-session")]
    [InlineData("mcp-prompts")]
    [InlineData("mcp-tasks")]
    [InlineData("mcp-resource-completion")]
    public async Task Without_any_of_its_policies_a_test_fails(string policy)
    {
        var folder = await WrittenAsync();
        foreach (var file in Directory.GetFiles(folder, "*.cedar"))
        {
            var text = await File.ReadAllTextAsync(file);
            var rest = string.Join(";\n", text.Split(";\n").Where(p => !p.Contains($"@id(\"{policy}\")", StringComparison.Ordinal)));
            await File.WriteAllTextAsync(file, rest);
        }

        var run = await CommandRun.OfAsync(["test", folder], folder);

        run.ExitCode.ShouldBe(1, run.Output + run.Errors);
        run.Output.ShouldContain("tests/");
    }

    static async Task<string> WrittenAsync()
    {
        var folder = TestCluster.NewFolder();
        (await CommandRun.OfAsync(["init", folder])).ExitCode.ShouldBe(0);
        return folder;
    }
}
