namespace Stet.Tests.CommandLine;

public sealed class PolicyCheckSpecs
{
    [Fact]
    public async Task A_valid_candidate_is_named_by_its_digests()
    {
        var run = await new PolicyFolder().RunAsync("check");

        run.ExitCode.ShouldBe(0, run.Output + run.Errors);
        run.Output.ShouldMatch("^1 policy is valid: policy set [0-9a-f]{12}, schema [0-9a-f]{12}\n$");
        run.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_files_are_split_changes_no_digest()
    {
        const string Writers = """
            @id("writers")
            permit (principal in Group::"staff", action == Action::"write", resource);
            """;
        var together = await new PolicyFolder().Write("readers.cedar", PolicyFolder.Readers + Writers).RunAsync("check");
        var apart = await new PolicyFolder().Write("deep/down/writers.cedar", Writers).RunAsync("check");

        together.ExitCode.ShouldBe(0, together.Output);
        apart.Output.ShouldBe(together.Output);
    }

    [Theory]
    [InlineData("permit (principal, action, resource);", "readers.cedar:1:1: The policy has no id: write `@id(\"...\")` above it.")]
    [InlineData("@id(\"A b\")\npermit (principal, action, resource);", "readers.cedar:1:1: An id has 1 to 128 of")]
    [InlineData("// x\n  @id(\"a\") permit (principal, action resource);", "readers.cedar:2:38: ")]
    [InlineData("@id(\"a\")\npermit (principal, action, resource)\nwhen { resource.owner == principal };", "readers.cedar:3:8: ")]
    [InlineData("@id(\"b\")\npermit (principal, action == Action::\"fly\", resource);", "readers.cedar:2:20: ")]
    [InlineData("@id(\"a\") permit (principal, action, resource);\n\n// and\n@id(\"b\")\nforbid (principal, action, resource) when { 1 };", "readers.cedar:5:45: ")]
    [InlineData("@id(\"a\") permit (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);", "readers.cedar:2:1: The id `a` is taken by the policy at ")]
    [InlineData("@id(\"a\") @obligation(\"sing\") permit (principal, action, resource);", "readers.cedar:1:1: `sing` is not in the catalogue")]
    [InlineData("@id(\"a\") @access_request(\"4h\") permit (principal, action, resource);", "readers.cedar:1:1: `@access_request` belongs on a policy that forbids")]
    [InlineData("@id(\"a\") @access_request(\"soon\") forbid (principal, action, resource);", "readers.cedar:1:1: `@access_request` has to say for how long")]
    [InlineData("@id(\"a\") @access_request forbid (principal, action, resource);", "readers.cedar:1:1: `@access_request` has to say for how long")]
    [InlineData("@id(\"a\") @access_request(\"31d\") forbid (principal, action, resource);", "readers.cedar:1:1: `@access_request` has to say for how long")]
    public async Task A_finding_stands_where_it_was_found(string policies, string finding)
    {
        var run = await new PolicyFolder().Write("readers.cedar", policies).RunAsync("check");

        run.ExitCode.ShouldBe(1, run.Output);
        run.Output.ShouldStartWith(finding);
        run.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task All_files_are_looked_at_before_it_gives_up()
    {
        var run = await new PolicyFolder().Write("a.cedar", "permit (").Write("b.cedar", "forbid )").RunAsync("check");

        run.ExitCode.ShouldBe(1);
        run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':')[0]).ShouldBe(["a.cedar", "b.cedar"]);
    }

    [Theory]
    [InlineData("entity User;\nentity User;", "app.cedarschema:2:8: ")]
    [InlineData("entity User in [Nobody];", "app.cedarschema:1:17: ")]
    [InlineData("action read appliesTo {", "app.cedarschema:1:24: ")]
    public async Task A_finding_in_the_schema_stands_there(string schema, string finding)
    {
        var run = await new PolicyFolder().Write("app.cedarschema", schema).RunAsync("check");

        run.ExitCode.ShouldBe(1, run.Output);
        run.Output.ShouldStartWith(finding);
    }

    [Fact]
    public async Task A_schema_may_be_JSON()
    {
        var folder = new PolicyFolder().Write("app.cedarschema.json", """
            {"": {"entityTypes": {"User": {"memberOfTypes": ["Group"]}, "Group": {}, "Doc": {}},
                  "actions": {"read": {"appliesTo": {"principalTypes": ["User"], "resourceTypes": ["Doc"]}}}}}
            """);
        File.Delete(folder.At("app.cedarschema"));

        (await folder.RunAsync("check")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Templates_are_filled_by_links()
    {
        const string Template = """
            @id("group-reads")
            permit (principal in ?principal, action == Action::"read", resource == ?resource);
            """;
        const string Links = """
            [
              {"templateId": "group-reads", "newId": "staff-reads-plan",
               "values": {"?principal": {"type": "Group", "id": "staff"}, "?resource": {"type": "Doc", "id": "plan"}}},
              {"templateId": "group-reads", "newId": "half", "values": {"?principal": {"type": "Group", "id": "staff"}}},
              {"templateId": "group-reads", "newId": "staff-reads-plan",
               "values": {"?principal": {"type": "Group", "id": "all"}, "?resource": {"type": "Doc", "id": "plan"}}}
            ]
            """;

        var run = await new PolicyFolder().Write("template.cedar", Template).Write("links.json", Links).RunAsync("check");

        run.ExitCode.ShouldBe(1);
        run.Output.ShouldStartWith("links.json:4:3: The template `group-reads` has the slot `?resource`");
        run.Output.ShouldContain("links.json:5:3: The id `staff-reads-plan` is taken");
    }

    [Fact]
    public async Task What_a_template_does_wrong_for_a_link_stands_in_its_text()
    {
        const string Template = """
            @id("typo")
            permit (principal == ?principal, action == Action::"read", resource)
            when { resource.opne };
            """;
        const string Links = """[{"templateId": "typo", "newId": "ada-reads", "values": {"?principal": {"type": "User", "id": "ada"}}}]""";

        var run = await new PolicyFolder().Write("template.cedar", Template).Write("links.json", Links).RunAsync("check");

        run.ExitCode.ShouldBe(1, run.Output);
        run.Output.ShouldStartWith("template.cedar:3:8: ");
        run.Output.ShouldContain("(By the link `ada-reads`.)");
    }

    [Theory]
    [InlineData("links.json", "{}", "links.json:1:1: The file has to hold a list.")]
    [InlineData("links.json", "[\n  {\"templateId\": 1}]", "links.json:2:3: A link is ")]
    [InlineData("links.json", "[\n  {,", "links.json:2:4: The JSON is malformed here.")]
    [InlineData("obligations.json", "{\n  \"tell\": {\"type\": \"whisper\", \"properties\": {}}\n}", "obligations.json:2:3: ")]
    [InlineData("obligations.json", "[]", "obligations.json:1:1: ")]
    public async Task A_finding_in_JSON_stands_at_its_element(string file, string json, string finding)
    {
        var run = await new PolicyFolder().Write(file, json).RunAsync("check");

        run.ExitCode.ShouldBe(1, run.Output);
        run.Output.ShouldStartWith(finding);
    }

    [Fact]
    public async Task A_warning_leaves_the_candidate_valid()
    {
        var run = await new PolicyFolder().Write("odd.cedar", """
            @id("never")
            forbid (principal, action, resource)
            when { false };
            """).RunAsync("check");

        run.ExitCode.ShouldBe(0, run.Output);
        run.Output.ShouldStartWith("odd.cedar:");
        run.Output.ShouldContain(": warning: ");
    }

    [Theory]
    [InlineData("is neither a file nor a folder", "check", "no/such/path")]
    [InlineData("Say --check or --write", "format", "--check", "--write")]
    public async Task A_wrong_call_ends_with_2(string message, params string[] arguments)
    {
        var run = await CommandRun.OfAsync(arguments);

        run.ExitCode.ShouldBe(2);
        run.Errors.ShouldContain(message);
    }

    [Fact]
    public async Task The_name_of_a_file_changes_nothing_on_a_terminal()
    {
        var run = await new PolicyFolder().Write("a\u001b[2J\nb.cedar", "permit (").RunAsync("check");

        run.Output.ShouldStartWith("a\uFFFD[2J\uFFFDb.cedar:1:9: ");
    }

    [Fact]
    public async Task A_candidate_has_one_schema()
    {
        var folder = new PolicyFolder().Write("second.cedarschema", PolicyFolder.Schema);

        (await folder.RunAsync("check")).ShouldBe(new CommandRun(
            2, "", "`second.cedarschema` is a second schema beside `app.cedarschema`: a candidate has one.\n"));

        File.Delete(folder.At("second.cedarschema"));
        File.Delete(folder.At("app.cedarschema"));
        (await folder.RunAsync("check")).Errors.ShouldStartWith("There is no schema");
    }

    [Fact]
    public async Task What_is_no_UTF_8_cannot_be_read()
    {
        var folder = new PolicyFolder();
        await File.WriteAllBytesAsync(folder.At("readers.cedar"), [0x2f, 0x2f, 0xff, 0x0a]);

        (await folder.RunAsync("check")).ShouldBe(new CommandRun(2, "", "`readers.cedar` is not UTF-8 text.\n"));
    }

    [Theory]
    [InlineData("Name what to do; see `stet policy --help`.\n")]
    [InlineData("`bogus` is not understood; see `stet policy --help`.\n", "bogus")]
    public async Task A_call_without_a_verb_is_wrong(string problem, params string[] arguments) =>
        (await CommandRun.OfAsync(arguments)).ShouldBe(new CommandRun(2, "", problem));

    [Theory]
    [InlineData("init")]
    [InlineData("check")]
    [InlineData("format")]
    [InlineData("test")]
    [InlineData("diff")]
    [InlineData("replay")]
    public async Task Every_verb_says_what_its_exit_codes_mean(string verb)
    {
        var run = await CommandRun.OfAsync([verb, "--help"]);

        run.ExitCode.ShouldBe(0);
        run.Output.ShouldContain("Exit codes:\n  0 ");
    }
}
