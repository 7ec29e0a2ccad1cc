using System.Buffers.Binary;
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
    // Values without objects of their own, which the garbage collector would move twice each. What has been forgotten costs
    // a turn of the writer, and changes no answer.
    const int Most = 1 << 15;

    // One statement sees one state of the database, records and registry alike.
    static readonly SharedQuery<Look, Recorded?> Looks = new(
        """
        select t.n::int, i.position,
            coalesce((select version from stet.pcs_registry where tenant_id = $1 and stream_id = $4), 0)
        from unnest($2::uuid[], $3::bytea[]) with ordinality as t(id, payload_hash, n)
        cross join lateral (
            select position from stet.idempotency
            where tenant_id = $1 and id = t.id and payload_hash = t.payload_hash limit 1) i
        """,
        static (tenantId, looks) =>
        [
            Scalar(tenantId), Column(looks, l => l.Record.Id), Column(looks, l => l.Record.PayloadHash), Scalar(looks[0].RegistryStream),
        ],
        static async (row, _, looks) =>
        {
            var recorded = new Recorded?[looks.Count];
            while (await row.ReadAsync()) recorded[row.GetInt32(0) - 1] = new Recorded(row.GetInt64(1), row.GetInt64(2));
            return recorded;
        });

    readonly FirstAnswer[] given = new FirstAnswer[Most];
    readonly Lock access = new();

    /// <summary>Keeps an answer, in the place of another one if need be.</summary>
    /// <param name="id">The mark under which the store first knew the document's id.</param>
    /// <param name="record">The mark whose answer this is: the same, or a later one after long.</param>
    /// <param name="recorded">What was recorded, now or the first time.</param>
    /// <param name="answer">The answer.</param>
    public void Keep(IdempotencyMark id, IdempotencyMark record, StoredEvent recorded, SubmissionAnswer answer)
    {
        var first = new FirstAnswer(id.Id, record, recorded.Timestamp, answer);
        lock (access) given[PlaceOf(id)] = first;
    }

    /// <summary>The first answer, if it is known and is to be given again; null: ask the writer.</summary>
    /// <exception cref="StoreUnavailableException">The database is away.</exception>
    public async ValueTask<SubmissionAnswer?> FindAsync(VerifiedSubmission request, IdempotencyMark id, CancellationToken cancel)
    {
        FirstAnswer first;
        lock (access) first = given[PlaceOf(id)];
        if (first.Id != id.Id || !first.Record.PayloadHash.AsSpan().SequenceEqual(id.PayloadHash)) return null;
        if (!IsGiven(first.RecordedAt, request)) return null;

        var look = new Look(first.Record, request.Settings.RegistryStream);
        return await store.QueryAsync(Looks, request.Tenant.Id, look, cancel) == new Recorded(first.Position, request.Settings.Version)
            ? first.Answer(request)
            : null;
    }

    /// <summary>Whether an answer is young enough to be given again.</summary>
    public bool IsGiven(DateTimeOffset recordedAt, VerifiedSubmission request) =>
        request.ReceivedAt - recordedAt < (request.Settings.Verification.Parameters.AnswerLifetime ?? options.AnswerLifetime);

    // The id is a keyed hash, whose first bits are as good as random.
    static int PlaceOf(IdempotencyMark id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Id.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes) % Most;
    }

    /// <summary>A mark whose record is looked for, and the tenant's registry.</summary>
    sealed record Look(IdempotencyMark Record, Guid RegistryStream);

    /// <summary>What stands there.</summary>
    sealed record Recorded(long Position, long RegistryVersion);

    /// <summary>An answer, and the record that it rests on.</summary>
    readonly struct FirstAnswer(Guid id, IdempotencyMark record, DateTimeOffset recordedAt, SubmissionAnswer answer)
    {
        readonly Guid recordId = record.Id;
        readonly UInt128 hashStart = BinaryPrimitives.ReadUInt128BigEndian(record.PayloadHash);
        readonly UInt128 hashEnd = BinaryPrimitives.ReadUInt128BigEndian(record.PayloadHash.AsSpan(16));
        readonly bool isEscalated = answer.Escalated;
        readonly double recomputedDHat = answer.RecomputedDHat;
        readonly double recomputedBudget = answer.RecomputedBudget;

        // Few documents have any.
        readonly IReadOnlyList<FindingAnswer>? reasons = answer.Reasons.Count > 0 ? answer.Reasons : null;

        public Guid Id { get; } = id;

        public DateTimeOffset RecordedAt { get; } = recordedAt;

        public long Position { get; } = answer.Position;

        public IdempotencyMark Record
        {
            get
            {
                var hash = new byte[32];
                BinaryPrimitives.WriteUInt128BigEndian(hash, hashStart);
                BinaryPrimitives.WriteUInt128BigEndian(hash.AsSpan(16), hashEnd);
                return new IdempotencyMark(recordId, hash);
            }
        }

        /// <summary>The answer to the same document.</summary>
        public SubmissionAnswer Answer(VerifiedSubmission request) => SubmissionAnswer.Of(
            request.Document.PcsId, isEscalated, recomputedDHat, recomputedBudget, reasons ?? [], Position);
    }
}
