using System.CommandLine;
using Stet.Http;
using Stet.Postgres;

namespace Stet.CommandLine;

/// <summary><c>stet check-env</c>: whether the service could run here.</summary>
static class CheckEnvironmentCommand
{
    public static Command Create()
    {
        var command = new Command(
            "check-env", "Check PostgreSQL, its version and rights, the clock and the disk; exit 1 if Stet could not run");
        command.SetAction(async (arguments, cancel) => EnvironmentCheck.Print(
            [OpenFiles.Check(OpenFiles.Limit), .. await CheckAsync(arguments, cancel)], Console.Out));
        return command.WithExitCodes("0 Stet could run here; 1 it could not; 2 usage");
    }

    static async Task<IReadOnlyList<CheckResult>> CheckAsync(ParseResult arguments, CancellationToken cancel)
    {
        try
        {
            return await EnvironmentCheck.RunAsync(
                Database.ConnectionString(arguments), Database.PrivateOptions(arguments), TimeProvider.System, cancel);
        }
        catch (Exception e) when (ConfigurationTrouble.Of(e) is { } trouble)
        {
            return [CheckResult.Failure("configuration", trouble)];
        }
    }
}
