using System.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet audit</c>: what anybody does with a log from outside, and what the operator does with the database.</summary>
static class AuditCommand
{
    public static Command Create(TimeProvider clock)
    {
        var audit = Client.AuditLog.CommandLine.AuditCommand.Create(clock);
        audit.Subcommands.Add(AuditSelfCheckCommand.Create());
        audit.Subcommands.Add(AuditKeysCommand.NewEpoch());
        audit.Subcommands.Add(AuditKeysCommand.ReplaceSecret());
        audit.Subcommands.Add(AuditKeysCommand.Rewrap());
        return audit;
    }
}
