using System.CommandLine;
using Stet.Client.Pcs;
using Stet.Pcs;

namespace Stet.CommandLine;

/// <summary><c>stet agent send</c>: puts documents into the outbox and delivers it.</summary>
static class AgentSendCommand
{
    // So many appends at once share their flushes.
    const int AtOnce = 256;

    static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "Documents, one in each file; without any, what is pending is delivered",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create(TimeProvider clock)
    {
        var command = new Command("send", "Put documents into the outbox and deliver all that is pending, until the service has decided or is out of order")
        {
            Files, AgentOptions.KeyFile, AgentOptions.Ed25519KeyFile, AgentOptions.Tenant,
        };
        foreach (var option in AgentOptions.OfDelivery) command.Options.Add(option);
        command.SetAction((arguments, cancel) => AgentCommand.TryAsync(arguments, () => RunAsync(arguments, clock, cancel), cancel));
        return command;
    }

    static async Task<int> RunAsync(ParseResult arguments, TimeProvider clock, CancellationToken cancel)
    {
        var key = AgentOptions.Key(arguments);
        var documents = (arguments.GetValue(Files) ?? []).Select(file => Read(file, key)).ToList();
        var (endpoint, client) = AgentOptions.Endpoint(arguments, clock);
        using var _ = client;
        await using var outbox = AgentCommand.OpenOutbox(arguments, arguments.GetValue(AgentOptions.Outbox)!, clock);
        await outbox.CompactIfWorthwhileAsync(cancel);
        foreach (var some in documents.Chunk(AtOnce))
        {
            // The checkpoint of no source tells `run` that none was torn off.
            await Task.WhenAll(some.Select(document => outbox.EnqueueAsync(
                seq => PcsSigningKey.Number(document, seq, endpoint.ClockSkew, key),
                new OutboxCheckpoint(Source: "", Offset: 0, document.Epoch), cancel)));
        }

        var configuration = arguments.InvocationConfiguration;
        var report = new AgentReport(configuration.Output, configuration.Error);
        await new PcsSender(outbox, endpoint, clock, Random.Shared).DrainAsync(report, cancel);
        var counts = outbox.Counts;
        if (counts.Pending > 0)
            await configuration.Error.WriteLineAsync($"{counts.Pending} documents are pending: `stet agent send` tries again.");
        if (counts.Dead > report.Dead)
            await configuration.Error.WriteLineAsync($"{counts.Dead - report.Dead} documents died before: `stet agent outbox dead` says why.");
        return report.ExitCode(counts);
    }

    /// <summary>A document that can be queued: what cannot be is said before any is.</summary>
    static PcsDocument Read(string file, PcsSigningKey? key)
    {
        var document = Read(file);
        try
        {
            PcsSigningKey.Check(document, key);
            return document;
        }
        catch (AgentException e)
        {
            throw new AgentException($"`{file}` cannot be sent: {e.Message}", e);
        }
    }

    static PcsDocument Read(string file)
    {
        try
        {
            if (new FileInfo(file).Length > PcsDocument.MaxBodyBytes) throw new AgentException($"`{file}` is larger than a document can be.");
            return PcsDocument.TryRead(File.ReadAllBytes(file), out var document, out var refusal)
                ? document
                : throw new AgentException($"`{file}` is no document: {refusal.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new AgentException($"`{file}` cannot be read: {e.Message}", e);
        }
    }
}
