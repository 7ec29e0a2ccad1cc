using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>A witness of any number of logs: it keeps what it has cosigned last of each, and only then hands it out.</summary>
public sealed class Cosigner
{
    readonly Witness rules;
    readonly WitnessState state;
    readonly TimeProvider clock;
    readonly Dictionary<string, Seen> byOrigin;
    readonly Dictionary<string, Seen> byName;

    /// <param name="key">The witness's own.</param>
    /// <param name="logs">The keys of the logs, named like the logs' origins.</param>
    /// <param name="state">What was seen before.</param>
    /// <param name="clock">Tells the time of cosignatures.</param>
    /// <exception cref="WitnessException">What was kept of a log is no checkpoint of it.</exception>
    public Cosigner(SignerKey key, IReadOnlyCollection<VerifierKey> logs, WitnessState state, TimeProvider clock)
    {
        (this.state, this.clock) = (state, clock);
        rules = new Witness(key, logs);
        byOrigin = logs.Select(l => l.Name).Distinct().ToDictionary(o => o, o => new Seen(o, Kept(o)), StringComparer.Ordinal);
        byName = byOrigin.Values.ToDictionary(s => WitnessState.NameOf(s.Origin), StringComparer.Ordinal);
    }

    /// <summary>The logs that are cosigned.</summary>
    public IReadOnlyCollection<string> Origins => byOrigin.Keys;

    /// <summary>Decides about the body of a request, one after the other for each log.</summary>
    /// <returns>The answer; what a 200 says is on the disk.</returns>
    /// <exception cref="IOException">The checkpoint could not be kept; there is no answer.</exception>
    /// <exception cref="UnauthorizedAccessException">The checkpoint could not be kept; there is no answer.</exception>
    public async Task<WitnessAnswer> AddCheckpointAsync(ReadOnlyMemory<byte> body)
    {
        if (!rules.TryRead(body.Span, out var request, out var refusal)) return refusal;

        var seen = byOrigin[request.Origin];
        await seen.Turn.WaitAsync();
        try
        {
            var answer = rules.Decide(request, seen.Newest, clock.GetUtcNow());
            if (answer.ToStore is null) return answer;

            state.Write(seen.Origin, answer.ToStore.ToArray());
            seen.Newest = answer.ToStore;
            return answer;
        }
        finally
        {
            seen.Turn.Release();
        }
    }

    /// <summary>The newest checkpoint of a log with the witness's line; null for a log of which none was seen.</summary>
    /// <param name="name">See <see cref="WitnessState.NameOf"/>.</param>
    public byte[]? Newest(string name) => byName.GetValueOrDefault(name)?.Newest?.ToArray();

    SignedNote? Kept(string origin)
    {
        if (state.Read(origin) is not { } bytes) return null;

        try
        {
            var note = SignedNote.Parse(bytes);
            if (Checkpoint.Parse(note.Text).Origin == origin) return note;
        }
        catch (AuditLogFormatException)
        {
            // Our own file is whole, whatever crashed: somebody else has written here.
        }

        throw new WitnessException(
            $"{state.FileOf(origin)} is damaged: it holds no checkpoint of {origin}. Without it the witness may contradict "
            + "itself: retire this witness's key and start another one.");
    }

    /// <summary>What was seen of a log.</summary>
    sealed class Seen(string origin, SignedNote? newest)
    {
        volatile SignedNote? newest = newest;

        public string Origin { get; } = origin;

        // Needs no disposal, as nobody asks for its wait handle.
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public SignedNote? Newest
        {
            get => newest;
            set => newest = value;
        }
    }
}
