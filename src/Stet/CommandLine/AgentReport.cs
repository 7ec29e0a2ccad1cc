using Stet.Client.AuditLog.CommandLine;
using Stet.Client.Pcs;

namespace Stet.CommandLine;

/// <summary>A line for each answer: what was delivered on standard output, the rest on standard error.</summary>
sealed class AgentReport(TextWriter output, TextWriter error) : IProgress<Delivery>
{
    readonly Lock writing = new();

    /// <summary>How many documents died.</summary>
    public long Dead { get; private set; }

    public void Report(Delivery value)
    {
        var what = $"{value.Seq} {value.PcsId}";
        lock (writing)
        {
            switch (value.State)
            {
                case OutboxState.Acked:
                    Write(
                        output,
                        $"{what} {value.Outcome ?? "delivered"}{(value.Position is { } position ? $", position {position}" : "")}"
                        + (value.Code is null ? "" : $": {Why(value with { Status = null })}"));
                    break;
                case OutboxState.Dead:
                    Dead++;
                    Write(error, $"{what} dead: {Why(value)}");
                    break;
                default:
                    Write(error, $"{what} {Why(value)}; {(value.RetryIn is { } wait ? $"again in {wait.TotalSeconds:0.0} s" : "the service is out of order")}");
                    break;
            }
        }
    }

    /// <summary>
    /// 0 everything delivered, 2 some died now, 3 some are pending; died counts more, for it does not pass. What was dead before
    /// does not count: a dead letter may stay for ever, and `outbox status` tells of it.
    /// </summary>
    public int ExitCode(OutboxCounts counts) =>
        Dead > 0 ? AgentCommand.SomeDead : counts.Pending > 0 ? AgentCommand.SomePending : AgentCommand.Done;

    static void Write(TextWriter writer, string line) => writer.WriteLine(TerminalText.Of(line));

    static string Why(Delivery value) => string.Join(
        ' ', new[] { value.Status?.ToString(), value.Code, value.Detail is null ? null : $"({value.Detail})" }.Where(part => part is not null));
}
