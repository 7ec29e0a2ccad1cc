using System.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet audit</c>: what anybody can verify, and what only who runs the service can do.</summary>
static class AuditCommand
{
    public static Command Create()
    {
        var audit = Client.AuditLog.CommandLine.AuditCommand.Create(TimeProvider.System);
        audit.Description = "Verify a log, or look after one's own";
        audit.Subcommands.Add(AuditSelfCheckCommand.Create());
        return audit;
    }
}
