using System.CommandLine;

namespace Stet.Client.AuditLog.CommandLine;

/// <summary><c>stet audit verify</c>: a whole log, served or exported.</summary>
static class VerifyCommand
{
    static readonly Option<string[]> Payloads = AuditOptions.Text("--payloads", "File with the payloads, `payloads.ndjson` of an export");

    public static Command Create(TimeProvider clock) => AuditCommand.Verb(
        "verify", "Verify signatures, all tiles, all entries and, if given, payloads",
        [
            AuditOptions.Log, AuditOptions.Keys, AuditOptions.Policy, AuditOptions.Witnesses, AuditOptions.Quorum, AuditOptions.MaxAge,
            Payloads, AuditOptions.State, AuditOptions.StateWithOneDash, AuditOptions.Evidence, AuditOptions.Headers, AuditOptions.Json,
        ],
        async (arguments, cancel) =>
        {
            var trust = arguments.Trust();
            var options = Options(arguments) with { PayloadsFile = arguments.One(Payloads) };
            using var source = arguments.Source(clock);

            var progress = new TerminalProgress("entries verified", clock);
            var report = await new AuditVerifier(source, trust, clock).VerifyAsync(options, progress, cancel);
            progress.End();

            var output = arguments.InvocationConfiguration.Output;
            if (arguments.GetValue(AuditOptions.Json)) await output.WriteLineAsync(ReportText.Json(report));
            else if (report.Problem is null) await output.WriteLineAsync(ReportText.Lines(report) + Unchecked(arguments, options));
            else await arguments.InvocationConfiguration.Error.WriteLineAsync(TerminalText.Of(report.Problem));
            return report.Outcome;
        });

    /// <summary>A word on the payloads of an export that were left out: nobody is to take them for verified.</summary>
    static string Unchecked(ParseResult arguments, AuditVerifierOptions options) =>
        Path.Combine(arguments.Required(AuditOptions.Log), AuditExport.Payloads) is var payloads && options.PayloadsFile is null && File.Exists(payloads)
            ? $"\nThe payloads were not checked: name them with --payloads {payloads}"
            : "";

    /// <summary>What <c>verify</c> and <c>watch</c> share.</summary>
    public static AuditVerifierOptions Options(ParseResult arguments) => new()
    {
        MaxAge = arguments.One(AuditOptions.MaxAge) is { } age ? AuditOptions.Duration(age, "--max-age") : null,
        StateFile = arguments.StateFile(),
        EvidenceFolder = arguments.One(AuditOptions.Evidence),
    };
}
