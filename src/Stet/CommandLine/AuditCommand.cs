using System.CommandLine;

namespace Stet.CommandLine;

/// <summary><c>stet audit</c>: what anybody does with a log from outside, and what the operator does with the database.</summary>
static class AuditCommand
{
    public static Command Create(TimeProvider clock)
    {
        var audit = Client.AuditLog.CommandLine.AuditCommand.Create(clock);
        audit.Description = "Verify logs from outside; check and look after those in the database";
        foreach (var verb in audit.Subcommands)
            verb.WithExitCodes("0 sound; 1 refuted; 2 usage; 3 unavailable; 4 malformed; 5 fork; 6 policy; 7 stale; 130 interrupted");

        audit.Subcommands.Add(AuditSelfCheckCommand.Create()
            .WithExitCodes("0 no findings; 1 findings; 2 usage or key; 3 could not be done; 130 interrupted"));
        audit.Subcommands.Add(AuditKeysCommand.Frozen().WithExitCodes("0 listed, be it none; 1 could not be asked; 2 usage"));
        audit.Subcommands.Add(AuditKeysCommand.NewEpoch().WithExitCodes("0 done; 1 not done; 2 no tenant's id or no reason"));
        audit.Subcommands.Add(AuditKeysCommand.ReplaceSecret().WithExitCodes("0 done; 1 not done; 2 no tenant's id or no reason"));
        audit.Subcommands.Add(AuditKeysCommand.Rewrap().WithExitCodes("0 done; 1 not done; 2 usage"));
        return audit;
    }

    /// <summary>Why a text is no tenant's id; null if it is one.</summary>
    public static string? ProblemOfTenant(string text) =>
        Guid.TryParseExact(text, "D", out var id) && id.ToString("D") == text ? null : $"`{text}` is no tenant's id: give a UUID in lower case.";
}
