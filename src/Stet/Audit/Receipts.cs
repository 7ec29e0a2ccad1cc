using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stet.AuditLog;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Audit;

/// <summary>
/// Write receipts: for each event its entry, salt, data and a proof with a signed checkpoint, to be checked offline with
/// the log's key alone. What the writer has just appended is proved from memory.
/// </summary>
sealed partial class Receipts(
    TenantLogs logs, Checkpoints checkpoints, Proofs proofs, AuditReader reader, AuditAccess access, ILogger<Receipts> logger)
{
    static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The JSON object that answers a request, with receipts if it asked for them; call it before the answer starts.</summary>
    public static ValueTask<ReadOnlyMemory<byte>> AddWantedAsync(HttpContext http, ReadOnlyMemory<byte> answer)
    {
        if (http.Features.Get<ReceiptRequest>() is not { } wanted) return ValueTask.FromResult(answer);

        http.Response.Headers["Preference-Applied"] = "receipt";
        return new(http.RequestServices.GetRequiredService<Receipts>().AddAsync(answer, wanted, http.RequestAborted));
    }

    /// <summary>
    /// Adds <c>receipts</c> to the JSON object that is the answer; when they cannot be made, whatever the reason, null and
    /// <c>receipt_error</c>: what was asked for is done all the same.
    /// </summary>
    /// <param name="answer">UTF-8 of one object.</param>
    /// <param name="request">What was recorded.</param>
    /// <param name="cancel">Ends the wait.</param>
    async Task<ReadOnlyMemory<byte>> AddAsync(ReadOnlyMemory<byte> answer, ReceiptRequest request, CancellationToken cancel)
    {
        var output = new ArrayBufferWriter<byte>(answer.Length + 4_096);
        output.Write(answer.Span[..^1]); // all but the closing brace
        output.Write(answer.Length > 2 ? ",\"receipts\":"u8 : "\"receipts\":"u8);
        IEnumerable<Receipt> receipts;
        try
        {
            receipts = await MakeAsync(request, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            output.Write(Encoding.UTF8.GetBytes($$"""null,"receipt_error":"{{ProblemOf(e, request.TenantId!).Code}}"}"""));
            return output.WrittenMemory;
        }

        using (var json = new Utf8JsonWriter(output, Readable))
        {
            json.WriteStartArray();
            foreach (var receipt in receipts) Write(json, receipt);
            json.WriteEndArray();
        }

        output.Write("}"u8);
        return output.WrittenMemory;
    }

    Problem ProblemOf(Exception e, string tenantId)
    {
        switch (e)
        {
            case AuditSigningRefusedException:
                return AuditProblems.SigningRefused;
            case AuditAlteredException altered:
                access.Alarm(tenantId, altered.Position);
                return AuditProblems.Altered;
            case StoreUnavailableException:
            case var _ when PassingFailure.Is(e) || PassingFailure.IsTooSlow(e):
                return RequestProblems.Unavailable(0);
            default:
                NotMade(logger, tenantId, e);
                return RequestProblems.Internal;
        }
    }

    /// <summary>One for each event, in log order: commands of one request may have repeated each other.</summary>
    async Task<IEnumerable<Receipt>> MakeAsync(ReceiptRequest request, CancellationToken cancel)
    {
        var receipts = new List<Receipt>();
        foreach (var result in request.Results)
            receipts.AddRange(await LogChanges.RetryAsync(logs, request.TenantId!, tries: 3, () => OfAsync(request.TenantId!, result, cancel)));
        return receipts.DistinctBy(r => r.Position).OrderBy(r => r.Position);
    }

    async Task<Receipt[]> OfAsync(string tenantId, AppendResult result, CancellationToken cancel)
    {
        if (result.Log is AuditPart { IsGuarded: true } part)
        {
            var signing = part.SignedAsync(checkpoints);
            var hashes = result.Events.Select(e => ProofPlan.Inclusion(e.Position - 1, part.Tree.Size).ComputeForNewest(part.Newest)).ToArray();
            var signed = await signing.WaitAsync(cancel);
            var log = await LogAsync(tenantId, cancel); // its keys may have changed since
            return [.. result.Events.Select((e, i) => OfNew(log, part.Leaves[(int)(e.Position - part.Start - 1)], hashes[i], signed.Note))];
        }

        // A repetition, or a batch on top of another instance's: the log is read.
        var receipts = new Receipt[result.Events.Count];
        for (var i = 0; i < receipts.Length; i++) receipts[i] = await OfStoredAsync(await LogAsync(tenantId, cancel), result.Events[i].Id, cancel);
        return receipts;
    }

    async ValueTask<TenantLog> LogAsync(string tenantId, CancellationToken cancel) =>
        await logs.FindAsync(tenantId, cancel) ?? throw new InvalidOperationException($"{tenantId} has events and no audit log");

    static Receipt OfNew(TenantLog log, AuditLeaf leaf, LogHash[] hashes, SignedNote note)
    {
        var salt = new byte[Commitment.SaltSize];
        var audited = leaf.Audited;
        log.WriteSalt(audited.Position, audited.Id, salt);
        return new Receipt(
            audited.Position, leaf.Hash, audited.Entry(leaf.Commit).ToArray(), salt, leaf.Appended!.Json,
            new TlogProof(audited.Position - 1, hashes, note));
    }

    async Task<Receipt> OfStoredAsync(TenantLog log, Guid eventId, CancellationToken cancel)
    {
        var (proof, _) = await proofs.OfEventAsync(log, eventId, witnessed: false, cancel);
        var e = await reader.EventAsync(log.TenantId, proof!.Position, cancel);
        return new Receipt(proof.Position, proof.Leaf, e.Logged.Entry, Payloads.SaltOf(log, e), e.Data, proof.Proof);
    }

    static void Write(Utf8JsonWriter json, Receipt receipt)
    {
        json.WriteStartObject();
        json.WriteNumber("position", receipt.Position);
        json.WriteString("leaf_hash", receipt.Leaf.ToString());
        json.WriteString("entry", receipt.Entry);
        json.WriteBase64String("salt", receipt.Salt);
        json.WritePropertyName("data");
        json.WriteRawValue(receipt.Data, skipInputValidation: true);
        json.WriteString("tlog_proof", receipt.Proof.ToArray());
        json.WriteEndObject();
    }

    [LoggerMessage(45, LogLevel.Error, "A receipt for what {TenantId} has recorded cannot be made")]
    static partial void NotMade(ILogger logger, string tenantId, Exception reason);

    sealed record Receipt(long Position, LogHash Leaf, byte[] Entry, byte[] Salt, byte[] Data, TlogProof Proof);
}
