using Stet.Testing;

namespace Stet.Tests.CommandLine;

public sealed class PolicyFormatSpecs
{
    const string Cramped = "@id(\"readers\") permit(principal in Group::\"staff\",action==Action::\"read\",resource);";

    [Fact]
    public async Task The_layout_goes_to_standard_output()
    {
        var folder = new PolicyFolder().Write("readers.cedar", Cramped);

        var run = await CommandRun.OfAsync(["format", folder.At("readers.cedar")]);

        run.ExitCode.ShouldBe(0);
        run.Output.ShouldContain("permit (\n");
        folder.Read("readers.cedar").ShouldBe(Cramped);
    }

    [Fact]
    public async Task Checking_names_what_is_laid_out_otherwise_and_changes_nothing()
    {
        var folder = new PolicyFolder();
        (await folder.RunAsync("format", "--write")).ExitCode.ShouldBe(0);
        folder.Write("readers.cedar", Cramped);

        (await folder.RunAsync("format", "--check")).ShouldBe(new CommandRun(1, "readers.cedar\n", ""));

        folder.Read("readers.cedar").ShouldBe(Cramped);
    }

    [Fact]
    public async Task What_is_written_is_laid_out_for_good()
    {
        var folder = new PolicyFolder().Write("readers.cedar", Cramped);

        (await folder.RunAsync("format", "--write")).Output.ShouldContain("readers.cedar\n");

        (await folder.RunAsync("format", "--check")).ShouldBe(new CommandRun(0, "", ""));
        (await folder.RunAsync("format", "--write")).ShouldBe(new CommandRun(0, "", ""));
        (await folder.RunAsync("check")).ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("--check")]
    [InlineData("--write")]
    public async Task A_folder_without_anything_to_lay_out_ends_with_2(string option)
    {
        var run = await CommandRun.OfAsync(["format", option, TestCluster.NewFolder()]);

        (run.ExitCode, run.Errors).ShouldBe((2, "There is no `*.cedar` or `*.cedarschema` here.\n"));
    }

    [Fact]
    public async Task What_cannot_be_parsed_is_left_as_it_is()
    {
        var folder = new PolicyFolder().Write("broken.cedar", "permit (").Write("readers.cedar", Cramped);

        var run = await folder.RunAsync("format", "--write");

        run.ExitCode.ShouldBe(1);
        run.Output.ShouldContain("broken.cedar:1:9: ");
        folder.Read("broken.cedar").ShouldBe("permit (");
        folder.Read("readers.cedar").ShouldNotBe(Cramped);
    }
}
