using System.Buffers.Binary;
using System.Collections.Concurrent;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

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
    readonly ConcurrentDictionary<string, SharedRounds<IdempotencyMark, Recorded>> looks = new(StringComparer.Ordinal);

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

        var recorded = await looks.GetOrAdd(request.Tenant.Id, static _ => new())
            .JoinAsync(marks => LookAsync(request, marks), first.Record, cancel);
        return recorded.Positions.Contains(first.Answer.Position) && recorded.RegistryVersion == request.Settings.Version
            ? first.Answer
            : null;
    }

    /// <summary>Whether an answer is young enough to be given again.</summary>
    public bool IsGiven(DateTimeOffset recordedAt, VerifiedSubmission request) =>
        request.ReceivedAt - recordedAt < options.AnswerLifetime;

    /// <summary>What the store has on record. One statement sees one state of the database, records and registry alike.</summary>
    Task<Recorded> LookAsync(VerifiedSubmission request, IReadOnlyList<IdempotencyMark> marks) =>
        store.QueryAsync(
            request.Tenant.Id,
            """
            select i.position,
                coalesce((select version from stet.pcs_registry where tenant_id = $1 and stream_id = $4), 0)
            from unnest($2::uuid[], $3::bytea[]) as t(id, payload_hash)
            cross join lateral (
                select position from stet.idempotency
                where tenant_id = $1 and id = t.id and payload_hash = t.payload_hash limit 1) i
            """,
            [
                Scalar(request.Tenant.Id), Column(marks, m => m.Id), Column(marks, m => m.PayloadHash),
                Scalar(request.Settings.RegistryStream),
            ],
            static async (rows, _, cancel) =>
            {
                var (positions, version) = (new HashSet<long>(), 0L);
                while (await rows.ReadAsync(cancel))
                {
                    positions.Add(rows.GetInt64(0));
                    version = rows.GetInt64(1);
                }

                return new Recorded(positions, version);
            },
            CancellationToken.None);

    // The id is a keyed hash, whose first bits are as good as random.
    static int PlaceOf(IdempotencyMark id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Id.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes) % Most;
    }

    /// <summary>Of the marks that were asked for, those with a record; each position is that of one mark.</summary>
    sealed record Recorded(HashSet<long> Positions, long RegistryVersion);

    sealed record FirstAnswer(Guid Id, IdempotencyMark Record, DateTimeOffset RecordedAt, SubmissionAnswer Answer);
}
