using System.CommandLine;

namespace Stet.Client.AuditLog.CommandLine;

/// <summary><c>stet audit export</c>: a log into a folder, to keep and to verify offline.</summary>
static class ExportCommand
{
    static readonly Option<string[]> Log = AuditOptions.Text("--log", "Prefix of the log, http:// or https:// (REQUIRED)");
    static readonly Option<string[]> To = AuditOptions.Text("--to", "Folder to write; it has a `checkpoint` only when all is there (REQUIRED)");

    public static Command Create() => AuditCommand.Verb(
        "export", "Download a log with its payloads into a folder", [Log, To, AuditOptions.Headers],
        async (arguments, cancel) =>
        {
            var log = arguments.RequiredUrl(Log);
            var folder = arguments.Required(To);
            using var client = arguments.Client();

            var progress = new TerminalProgress("files written", TimeProvider.System);
            var files = await AuditExport.DownloadAsync(client, log, folder, progress, cancel: cancel);
            progress.End();
            await arguments.InvocationConfiguration.Output.WriteLineAsync(
                $"{files} files in {folder}; now verify them: stet audit verify --log {folder} --payloads {Path.Combine(folder, AuditExport.Payloads)} --vkey KEY");
            return AuditOutcome.Verified;
        });
}
