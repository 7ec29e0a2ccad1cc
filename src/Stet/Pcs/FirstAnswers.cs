using System.Buffers.Binary;
using System.Collections.Concurrent;
using Stet.EventStore;

namespace Stet.Pcs.Service;

/// <summary>
/// The newest first answers that this instance gave, so that a document that comes again need not go through the writer. An
/// answer is given again only after a look that the store's record of it stands, and that the tenant's settings do, as the
/// writer looks: what another instance recorded or revoked counts at once. Whatever else there is to say, the writer says.
/// </summary>
sealed class FirstAnswers(Store store, PcsOptions options)
{
    // Some 400 bytes each. What has been forgotten costs a turn of the writer, and changes no answer.
    const int Most = 1 << 15;

    readonly FirstAnswer?[] given = new FirstAnswer?[Most];
    readonly ConcurrentDictionary<string, RecordLooks> looks = new(StringComparer.Ordinal);

    /// <summary>Keeps an answer, in the place of another one if need be.</summary>
    /// <param name="id">The mark under which the store first knew the document's id.</param>
    /// <param name="record">The mark whose answer this is: the same, or a later one after long.</param>
    /// <param name="recorded">What was recorded, now or the first time.</param>
    /// <param name="answer">The answer.</param>
    public void Keep(IdempotencyMark id, IdempotencyMark record, StoredEvent recorded, SubmissionAnswer answer) =>
        Volatile.Write(ref given[PlaceOf(id)], new FirstAnswer(id.Id, record, recorded.Timestamp, answer));

    /// <summary>The first answer, if it is known and is to be given again; null: ask the writer.</summary>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public async ValueTask<SubmissionAnswer?> FindAsync(VerifiedSubmission request, IdempotencyMark id, CancellationToken cancel)
    {
        if (Volatile.Read(ref given[PlaceOf(id)]) is not { } first || first.Id != id.Id) return null;
        if (!first.Record.PayloadHash.AsSpan().SequenceEqual(id.PayloadHash)) return null;
        if (!IsGiven(first.RecordedAt, request)) return null;

        var record = await looks.GetOrAdd(
            request.Tenant.Id, static (tenantId, scope) => new RecordLooks(scope.Store, tenantId, scope.Registry),
            (Store: store, Registry: request.Settings.RegistryStream)).FindAsync(first.Record, cancel);
        return record == (first.Answer.Position, request.Settings.Version) ? first.Answer : null;
    }

    /// <summary>Whether an answer is young enough to be given again.</summary>
    public bool IsGiven(DateTimeOffset recordedAt, VerifiedSubmission request) =>
        request.ReceivedAt - recordedAt < options.AnswerLifetime;

    // The id is a keyed hash, whose first bits are as good as random.
    static int PlaceOf(IdempotencyMark id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Id.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes) % Most;
    }

    sealed record FirstAnswer(Guid Id, IdempotencyMark Record, DateTimeOffset RecordedAt, SubmissionAnswer Answer);
}
