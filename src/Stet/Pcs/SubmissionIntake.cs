using System.Security.Cryptography;
using Stet.Audit;
using Stet.EventStore;
using Stet.Http;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Pcs.Service;

/// <summary>Takes submissions: the checks in their order, the first that fails answers.</summary>
sealed partial class SubmissionIntake(
    Store store, PcsTenants tenants, SubmissionClaims claims, SubmissionLimits limits, FirstAnswers firstAnswers,
    RefusalRecorder refusals, Equivocations equivocations, PcsMetrics metrics, Deliveries deliveries,
    TimeProvider clock, ILogger<SubmissionIntake> logger)
{
    static readonly TimeSpan retryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Settings may change while a document is verified: then it is verified again, at most so often.</summary>
    const int MostAttempts = 5;

    /// <summary>Takes one submission.</summary>
    /// <exception cref="BadRequestException">The body is not JSON by its type, or too large.</exception>
    /// <exception cref="StoreUnavailableException">It could not be verified or recorded; the retry is safe.</exception>
    public async Task<(SubmissionAnswer? Answer, bool IsDuplicate, Problem? Problem)> TakeAsync(HttpContext http)
    {
        var body = await RequestBody.ReadBytesAsync(http, PcsDocument.MaxBodyBytes);
        if (limits.SpendOfAddress(http) is { } busy) return (null, false, busy);

        var claim = await claims.OfAsync(http);
        if (claim.Tenant is not { } tenant) return (null, false, claim.Problem);

        metrics.Ingested(tenant.Id);
        deliveries.Submitted(tenant.Id);
        var now = clock.GetMicroseconds();
        if (claim.Problem is { } mismatch)
            return (null, false, await refusals.RecordAsync(http, tenant, mismatch, body, now));

        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var settings = await tenants.CurrentAsync(tenant, http.RequestAborted);
            var verdict = Verify(body, claim, settings, now);
            if (verdict is Pcs.PcsRefused { Refusal.Status: 401 })
            {
                // Another instance may have registered the key just now. What is accepted, the append compares.
                settings = await tenants.AgainAsync(tenant, http.RequestAborted);
                verdict = Verify(body, claim, settings, now);
            }

            if (verdict is Pcs.PcsRefused refused)
                return (null, false, await RefuseAsync(http, tenant, refused, body, now));

            if (attempt == 1 && limits.SpendOfTenant(http, tenant.Id) is { } exceeded)
            {
                metrics.QuotaExceeded(tenant.Id);
                return (null, false, exceeded);
            }

            var request = new VerifiedSubmission(
                tenant, settings, (PcsVerified)verdict, body, now,
                CommandContext.MetadataOf(http, "agent", claim.Subject));
            switch (await DecideAsync(http, request))
            {
                case Outcome.Answered(var answer, var isDuplicate):
                    return (answer, isDuplicate, null);

                case Outcome.Stale(var refusal):
                    return (null, false, await refusals.RecordAsync(http, tenant, PcsProblems.Of(refusal), body, now));

                case Outcome.OtherContent:
                    return (null, false, await equivocations.RecordAsync(request, http.RequestAborted));
            }

            tenants.Forget(tenant.Id);
        }

        return (null, false, PcsProblems.SettingsChange);
    }

    static PcsVerdict Verify(byte[] body, SubmissionClaim claim, PcsSettings settings, DateTimeOffset now) =>
        PcsVerifier.Verify(body, claim.IsTrusted ? settings.Verification : settings.SignedOnly, now);

    async Task<Problem> RefuseAsync(HttpContext http, Tenant tenant, Pcs.PcsRefused refused, byte[] body, DateTimeOffset now)
    {
        var problem = PcsProblems.Of(refused.Refusal);
        if (problem.Status != 401) return problem;

        metrics.SignatureRefused(tenant.Id);
        deliveries.SignatureRefused(tenant.Id);
        return await refusals.RecordAsync(http, tenant, problem, body, now);
    }

    /// <summary>Step 7: the first answer again where it is at hand, else the writer's decision.</summary>
    async Task<Outcome> DecideAsync(HttpContext http, VerifiedSubmission request)
    {
        var receipt = ReceiptRequest.Of(http);
        var id = request.Mark(generation: 0);

        // A receipt is made of the event, which the writer brings.
        if (receipt is null && await firstAnswers.FindAsync(request, id, http.RequestAborted) is { } first)
            return Again(request, first);

        return await AppendAsync(request, id, receipt);
    }

    /// <summary>Step 7 and the append, which are one decision: the store's idempotency record tells what is known.</summary>
    async Task<Outcome> AppendAsync(VerifiedSubmission request, IdempotencyMark id, ReceiptRequest? receipt)
    {
        // Once a first answer is too old to be given again, the same content is recorded anew, under the id's next mark.
        for (var generation = 0; ; generation = await NextAsync(request, generation))
        {
            var mark = generation == 0 ? id : request.Mark(generation);
            PcsRefusal? refusal = null;
            var append = new StreamCommand<NoState>(
                PcsModule.ShardState, request.Tenant.StreamId(PcsModule.Scope, request.Document.ShardId),
                (_, _) => (refusal = request.Verified.Staleness) is null ? [request.Event()] : null)
            {
                Idempotency = mark,
            };
            var result = await AppendAsync(request, append, receipt);
            switch (result.Outcome)
            {
                case AppendOutcome.Recorded:
                    metrics.Recorded(request.Tenant.Id, request.Verified.Assessment.IsEscalated);
                    return new Outcome.Answered(Answer(mark, result), IsDuplicate: false);

                case AppendOutcome.Repeated when firstAnswers.IsGiven(result.Events[0].Timestamp, request):
                    return Again(request, Answer(mark, result));

                case AppendOutcome.Repeated:
                    continue;

                case AppendOutcome.Refused:
                    return new Outcome.Stale(refusal!);

                case AppendOutcome.KeyConflict:
                    return new Outcome.OtherContent();

                default:
                    return new Outcome.SettingsChanged();
            }
        }

        SubmissionAnswer Answer(IdempotencyMark mark, AppendResult result)
        {
            receipt?.Add(request.Tenant.Id, result);
            var answer = SubmissionAnswer.Of(result.Events[0]);
            firstAnswers.Keep(id, mark, result.Events[0], answer);
            return answer;
        }
    }

    /// <summary>The next mark that may have the answer: the newest recording's. The first one's said whose the id is.</summary>
    async Task<int> NextAsync(VerifiedSubmission request, int generation)
    {
        if (generation > 0) return generation + 1;

        // Should the table be behind, as while it is rebuilt, or another instance be ahead, the marks in between follow.
        var recordings = await store.QueryAsync(
            request.Tenant.Id, "select count(*)::int from stet.pcs_submission where tenant_id = $1 and pcs_id = $2",
            [Scalar(request.Tenant.Id), Scalar(request.Document.PcsId)],
            static async (row, _, cancel) =>
            {
                await row.ReadAsync(cancel);
                return row.GetInt32(0);
            },
            CancellationToken.None);
        return Math.Max(1, recordings - 1);
    }

    Outcome.Answered Again(VerifiedSubmission request, SubmissionAnswer first)
    {
        metrics.Duplicate(request.Tenant.Id, SubmitDocumentEndpoint.StatusOf(first));
        deliveries.Repeated(request.Tenant.Id, first.Position, request.ReceivedAt);
        return new Outcome.Answered(first, IsDuplicate: true);
    }

    /// <summary>Appends while the settings are those that the document was verified by.</summary>
    async Task<AppendResult> AppendAsync(VerifiedSubmission request, StreamCommand append, ReceiptRequest? receipt)
    {
        var started = clock.GetTimestamp();
        try
        {
            // The decision is not taken back when the sender goes away: it would only have to ask again.
            var results = await store.AppendAsync(
                request.Tenant.Id, request.Metadata, [request.Settings.Guard(), append], receipt is not null, CancellationToken.None);
            return results[0].Outcome == AppendOutcome.VersionConflict ? results[0] : results[1];
        }
        catch (StoreUnavailableException)
        {
            metrics.NotRecorded(request.Tenant.Id);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever kept it from being recorded, the sender must not take it for settled.
            metrics.NotRecorded(request.Tenant.Id);
            Failed(logger, request.Document.PcsId, e);
            throw new StoreUnavailableException("the document could not be recorded", retryAfter, e);
        }
        finally
        {
            metrics.Committed(clock.GetElapsedTime(started));
        }
    }

    [LoggerMessage(71, LogLevel.Error, "PCS document {PcsId} could not be recorded")]
    static partial void Failed(ILogger logger, string pcsId, Exception e);

    /// <summary>How step 7 went.</summary>
    abstract record Outcome
    {
        /// <summary>It is recorded, now or before.</summary>
        public sealed record Answered(SubmissionAnswer Answer, bool IsDuplicate) : Outcome;

        /// <summary>It is new, and was sent too long ago.</summary>
        public sealed record Stale(PcsRefusal Refusal) : Outcome;

        /// <summary>Another document has this id.</summary>
        public sealed record OtherContent : Outcome;

        /// <summary>It was verified by settings that are not the newest.</summary>
        public sealed record SettingsChanged : Outcome;
    }
}

/// <summary>An authentic, well-formed submission.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="Settings">What it was verified by.</param>
/// <param name="Verified">What the verifier says.</param>
/// <param name="Body">As it was received.</param>
/// <param name="ReceivedAt">UTC, microseconds.</param>
/// <param name="Metadata">Stored beside its events.</param>
sealed record VerifiedSubmission(
    Tenant Tenant, PcsSettings Settings, PcsVerified Verified, byte[] Body, DateTimeOffset ReceivedAt, EventMetadata Metadata)
{
    public PcsDocument Document => Verified.Document;

    /// <summary>SHA-256 of the body, 64 hexadecimal digits: for events alone, so that a duplicate does not pay for it.</summary>
    public string BodyHash => Convert.ToHexStringLower(SHA256.HashData(Body));

    public string Dialect => Verified.Authenticity.Dialect.Name();

    /// <summary>The mark under which the store knows the id; a repetition too late for the first answer has the next.</summary>
    public IdempotencyMark Mark(int generation) => new(
        generation == 0
            ? Tenant.StreamId("idempotency", PcsModule.Scope, Document.PcsId)
            : Tenant.StreamId("idempotency", PcsModule.Scope, Document.PcsId, generation.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Convert.FromHexString(Verified.ContentDigest));

    /// <summary>What is recorded.</summary>
    public object Event()
    {
        var assessment = Verified.Assessment;
        var submission = new Submission(
            Document, Verified.ContentDigest, BodyHash, Dialect, Verified.Authenticity.Kid, assessment.RecomputedDHat,
            assessment.RecomputedBudget, assessment.Findings, Settings.Registry.ParameterVersion,
            Document.SentAtTime() is { } sentAt ? (long)(ReceivedAt - sentAt).TotalMilliseconds : null, ReceivedAt);
        return assessment.IsEscalated ? new PcsEscalated(submission) : new PcsAccepted(submission);
    }
}
