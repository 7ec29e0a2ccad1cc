using System.CommandLine;

namespace Stet.Client.AuditLog.CommandLine;

/// <summary><c>stet audit watch</c>: verifies what is new, again and again, until the log misbehaves.</summary>
static class WatchCommand
{
    static readonly Option<string[]> Interval = AuditOptions.Text("--interval", "Time between two rounds, such as 10s (the default), 5m or 1h; at least 1s");

    public static Command Create(TimeProvider clock) => AuditCommand.Verb(
        "watch", "Verify what is new in a log, round by round, a JSON line for each; ends on any finding, and with 3 when the log goes on under another origin, not while it is out of reach",
        [
            AuditOptions.Log, AuditOptions.Keys, AuditOptions.Policy, AuditOptions.Witnesses, AuditOptions.Quorum, AuditOptions.MaxAge,
            AuditOptions.State, AuditOptions.StateWithOneDash, AuditOptions.Evidence, AuditOptions.Headers, Interval,
        ],
        async (arguments, cancel) =>
        {
            var trust = arguments.Trust();
            var interval = AuditOptions.Duration(arguments.One(Interval) ?? "10s", "--interval");
            if (interval < TimeSpan.FromSeconds(1)) throw AuditException.Usage("`--interval` must be at least 1s.");
            var options = VerifyCommand.Options(arguments) with { OnlyNewEntries = true };
            if (options.StateFile is null) throw AuditException.Usage("`--state` is missing.");
            using var source = arguments.Source(clock);

            var verifier = new AuditVerifier(source, trust, clock);
            while (true)
            {
                var report = await verifier.VerifyAsync(options, progress: null, cancel);
                await arguments.InvocationConfiguration.Output.WriteLineAsync(ReportText.Json(report));
                if (report.HasEnded || report.Outcome is not (AuditOutcome.Verified or AuditOutcome.Unavailable)) return report.Outcome;

                await Task.Delay(interval, clock, cancel);
            }
        });
}
