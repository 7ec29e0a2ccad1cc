using System.CommandLine;
using System.Text;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog.CommandLine;

/// <summary><c>stet audit proof</c>: a tlog-proof, receipt or evidence pack, offline.</summary>
static class ProofCommand
{
    static readonly Option<string[]> ProofFile = AuditOptions.Text("--file", "A tlog-proof, a receipt, an answer with receipts, or an evidence pack (REQUIRED)");
    static readonly Option<string[]> Entry = AuditOptions.Text("--entry", "File with the entry that a tlog-proof is about, byte for byte");
    static readonly Option<string[]> LeafHash = AuditOptions.Text("--leaf-hash", "Its leaf hash instead, in base64 or lower-case hex");

    public static Command Create() => AuditCommand.Verb(
        "proof", "Verify a proof file, receipt or evidence pack offline",
        [
            ProofFile, AuditOptions.Keys, AuditOptions.Policy, AuditOptions.Witnesses, AuditOptions.Quorum, Entry, LeafHash, AuditOptions.Json,
        ],
        async (arguments, _) =>
        {
            var trust = arguments.Trust();
            var report = AuditProof.Verify(AuditOptions.ReadBytes(arguments.Required(ProofFile)), trust, GivenLeafHash(arguments));

            var output = arguments.InvocationConfiguration.Output;
            if (arguments.GetValue(AuditOptions.Json)) await output.WriteLineAsync(ReportText.Json(report));
            else if (report.Problem is null) await output.WriteLineAsync(ReportText.Lines(report));
            else await arguments.InvocationConfiguration.Error.WriteLineAsync(TerminalText.Of(report.Problem));
            return report.Outcome;
        });

    static ReadOnlyMemory<byte>? GivenLeafHash(ParseResult arguments)
    {
        var (entry, text) = (arguments.One(Entry), arguments.One(LeafHash));
        if (entry is not null && text is not null) throw AuditException.Usage("Give `--entry` or `--leaf-hash`, not both.");
        if (entry is not null) return MerkleProof.LeafHash(AuditOptions.ReadBytes(entry));
        if (text is null) return null;

        var hash = new byte[Merkle.HashSize];
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Strict.TryBase64(utf8, hash) || Strict.TryHex(utf8, hash)
            ? hash
            : throw AuditException.Usage("`--leaf-hash` must be 32 bytes in base64 or lower-case hex.");
    }
}
