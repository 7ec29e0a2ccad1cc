using System.Globalization;
using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>Records that a known id came with other content, and answers it.</summary>
sealed class Equivocations(Store store, PcsMetrics metrics)
{
    internal const string Code = "pcs_equivocation";

    /// <summary>Most contradictions of one id that are recorded; further ones are only counted.</summary>
    const int MostPerId = 10;

    /// <summary>Records the contradiction unless it has been, and says what it is.</summary>
    /// <exception cref="StoreUnavailableException">It could not be recorded.</exception>
    public async Task<Problem> RecordAsync(VerifiedSubmission request, CancellationToken cancel)
    {
        var (firstPosition, known) = await KnownAsync(request, cancel);
        var first = (await store.ReadAsync(request.Tenant.Id, firstPosition - 1, limit: 1, cancel))[0].Data switch
        {
            PcsAccepted e => e.Submission,
            PcsEscalated e => e.Submission,
            var other => throw new UnreadableEventException($"{other.GetType()} is not what a submission records"),
        };
        var difference = PcsEquivocation.Between(first.Document, request.Document);
        var equivocated = new PcsEquivocated(
            request.Document.PcsId, request.Document.ShardId, request.Verified.ContentDigest, first.ContentDigest,
            firstPosition, StringSet.Of(difference.Members), difference.SignedPartDiffers, request.Document,
            request.BodyHash, request.Dialect, request.Verified.Authenticity.Kid, request.ReceivedAt);

        if (!known.Contains(equivocated.ContentDigest)) await RecordAsync(request, equivocated, known.Count);
        return ProblemOf(equivocated);
    }

    // Each id has ten marks, which digests take in turn: so none is recorded twice, and never an eleventh.
    async Task RecordAsync(VerifiedSubmission request, PcsEquivocated equivocated, int taken)
    {
        for (var slot = taken; slot < MostPerId; slot++)
        {
            var tenant = request.Tenant;
            var mark = new IdempotencyMark(
                tenant.StreamId(
                    "idempotency", "pcs_equivocation", equivocated.PcsId, slot.ToString(CultureInfo.InvariantCulture)),
                Convert.FromHexString(equivocated.ContentDigest));
            try
            {
                var result = await store.AppendAsync(
                    tenant.Id, request.Metadata,
                    new StreamCommand<NoState>(
                        PcsModule.ShardState, tenant.StreamId(PcsModule.Scope, equivocated.ShardId), (_, _) => [equivocated])
                    { Idempotency = mark },
                    CancellationToken.None);
                if (result.Outcome != AppendOutcome.KeyConflict) return;
            }
            catch (StoreUnavailableException)
            {
                metrics.NotRecorded(tenant.Id);
                throw;
            }
        }
    }

    Task<(long FirstPosition, HashSet<string> Digests)> KnownAsync(VerifiedSubmission request, CancellationToken cancel) =>
        store.QueryAsync(
            request.Tenant.Id,
            """
            select (select s.position from stet.pcs_submission s
                    where s.tenant_id = $1 and s.pcs_id = $2 order by s.position limit 1),
                   array(select e.content_digest from stet.pcs_equivocation e where e.tenant_id = $1 and e.pcs_id = $2)
            """,
            [Scalar(request.Tenant.Id), Scalar(request.Document.PcsId)],
            static async (NpgsqlDataReader row, long _, CancellationToken token) =>
            {
                await row.ReadAsync(token);
                return (row.GetInt64(0), row.GetFieldValue<string[]>(1).ToHashSet(StringComparer.Ordinal));
            },
            cancel);

    static Problem ProblemOf(PcsEquivocated e) => new(
        Code, 409, "The id is known with other content",
        $"`{e.PcsId}` was submitted before and said something else about: {string.Join(", ", e.Members)}")
    {
        WriteMembers = json =>
        {
            json.WriteString("content_digest", e.ContentDigest);
            json.WriteString("first_content_digest", e.FirstContentDigest);
            json.WriteNumber("first_position", e.FirstPosition);
            json.WriteBoolean("signed_part_differs", e.SignedPartDiffers);
        },
    };
}
