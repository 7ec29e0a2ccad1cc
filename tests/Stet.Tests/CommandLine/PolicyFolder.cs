using Stet.CommandLine;
using Stet.Testing;

namespace Stet.Tests.CommandLine;

/// <summary>A folder with a small candidate, and <c>stet policy</c> run on it.</summary>
sealed class PolicyFolder
{
    public const string Schema = """
        entity User in [Group] = {
          level?: Long,
        };

        entity Group;

        entity Doc;

        action "read", "write" appliesTo {
          principal: User,
          resource: Doc,
          context: { now: datetime, size?: Long },
        };

        """;

    public const string Readers = """
        // Staff reads.
        @id("readers")
        permit (
          principal in Group::"staff",
          action == Action::"read",
          resource
        );

        """;

    public PolicyFolder()
    {
        Directory.CreateDirectory(Path);
        Write("app.cedarschema", Schema);
        Write("readers.cedar", Readers);
    }

    public string Path { get; } = TestCluster.NewFolder();

    public PolicyFolder Write(string file, string text)
    {
        var path = At(file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return this;
    }

    public string Read(string file) => File.ReadAllText(At(file));

    public string At(string file) => System.IO.Path.Combine(Path, file);

    /// <summary>Runs a verb with the folder as its last argument; its name is left out of what was written.</summary>
    public Task<CommandRun> RunAsync(params IEnumerable<string> arguments) => CommandRun.OfAsync([.. arguments, Path], Path);
}

/// <summary>What <c>stet policy</c> did.</summary>
sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    /// <summary>Runs a verb with arguments.</summary>
    /// <param name="arguments">From the verb on.</param>
    /// <param name="folder">Left out of what was written, wherever a path begins with it.</param>
    public static async Task<CommandRun> OfAsync(IReadOnlyList<string> arguments, string? folder = null)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var exitCode = await PolicyCommand.Create().Parse(arguments, new() { ResponseFileTokenReplacer = null })
            .InvokeAsync(new() { Output = output, Error = errors });
        return new CommandRun(exitCode, Short(output.ToString()), Short(errors.ToString()));

        string Short(string text) => folder is null ? text : text.Replace($"{folder}/", "");
    }
}
