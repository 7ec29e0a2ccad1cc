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
    [InlineData("init", "one", "two")]
    [InlineData("init", "--force")]
    public async Task A_folder_has_to_be_named(params string[] arguments) =>
        (await CommandRun.OfAsync(arguments)).ShouldBe(new CommandRun(2, "", "Name one folder: `stet policy init DIR`.\n"));

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
