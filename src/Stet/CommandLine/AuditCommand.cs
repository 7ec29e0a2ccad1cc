using System.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet audit</c>: what anybody does with a log from outside, and what the operator does with the database.</summary>
static class AuditCommand
{
    public static Command Create(TimeProvider clock)
    {
        var audit = Client.AuditLog.CommandLine.AuditCommand.Create(clock);
        audit.Description = "Verify logs from outside; check and look after those in the database";
        audit.Subcommands.Add(AuditSelfCheckCommand.Create());
        audit.Subcommands.Add(AuditKeysCommand.NewEpoch());
        audit.Subcommands.Add(AuditKeysCommand.ReplaceSecret());
        audit.Subcommands.Add(AuditKeysCommand.Rewrap());
        return audit;
    }

    /// <summary>Why a text is no tenant's id; null if it is one.</summary>
    public static string? ProblemOfTenant(string text) =>
        Guid.TryParseExact(text, "D", out var id) && id.ToString("D") == text ? null : $"`{text}` is no tenant's id: give a UUID in lower case.";
}
