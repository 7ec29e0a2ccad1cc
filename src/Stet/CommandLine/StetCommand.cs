using System.CommandLine;
using System.CommandLine.Help;

namespace Stet.CommandLine;

/// <summary>The <c>stet</c> command line.</summary>
public static class StetCommand
{
    internal static readonly Option<string?> Connection = new("--connection")
    {
        Description = "Connection string of a PostgreSQL server to use, or ConnectionStrings__Stet; without either, a private server",
        Recursive = true,
    };

    internal static readonly Option<string> Data = new("--data")
    {
        Description = "Folder of the private server",
        DefaultValueFactory = _ => ".stet",
        Recursive = true,
    };

    public static RootCommand Create()
    {
        var run = RunCommand.Create();
        var root = new RootCommand("Stet: a trust ledger for AI systems.")
        {
            Connection, Data, run, CheckEnvironmentCommand.Create(), DescribeCommand.Create(), DbCommand.Create(),
            ProjectionsCommand.Create(), AuditCommand.Create(TimeProvider.System), WitnessCommand.Create(),
            AgentCommand.Create(TimeProvider.System), PolicyCommand.Create(),
        };
        foreach (var option in run.Options.Where(o => o is not HelpOption)) root.Options.Add(option);
        root.SetAction(RunCommand.RunAsync);
        return root;
    }
}
