using System.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet audit</c>: the audit log, from the operator's side.</summary>
static class AuditCommand
{
    public static Command Create() => new("audit", "The audit log") { AuditSelfCheckCommand.Create() };
}
