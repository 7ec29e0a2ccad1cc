using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stet.AuditLog;
using Stet.Authentication;
using Stet.Http;

namespace Stet.Audit;

/// <summary>All that it takes to check one event offline; the description of what is written by hand.</summary>
/// <param name="V">Of the format: 1.</param>
/// <param name="Origin">The log's name.</param>
/// <param name="Position">Of the event in the log.</param>
/// <param name="State"><c>INTACT</c>: the data is what was logged.</param>
/// <param name="Entry">What the leaf is the hash of: canonical JSON.</param>
/// <param name="Salt">Base64 of 32 bytes.</param>
/// <param name="Data">The event as it is stored.</param>
/// <param name="TlogProof">Proof file with signed checkpoint (C2SP tlog-proof).</param>
/// <param name="Tombstone">The event that erased it; null: nothing did.</param>
/// <param name="Keys">The log's verifier keys, to look at.</param>
public sealed record EvidencePack(
    int V, string Origin, long Position, string State, string Entry, string Salt, JsonElement Data, string TlogProof,
    JsonElement? Tombstone, IReadOnlyList<string> Keys);

/// <summary>Everything about one event that a stranger needs to check it offline, its data included.</summary>
static class EvidenceEndpoint
{
    static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void Map(IEndpointRouteBuilder audit) =>
        audit.MapGet("/evidence/{event_id}", Get).WithSummary("An event with its data, salt, proof and keys")
            .RequirePermission(Scopes.AuditExport).Produces<EvidencePack>().Produces(304)
            .ProducesProblem(404).ProducesProblem(410);

    static async Task<IResult> Get(string event_id, HttpContext http, Proofs proofs, AuditReader reader, AuditKeys keys)
    {
        var log = AuditAccess.Log(http);
        if (!ProofEndpoints.IsEventId(event_id, out var id)) return Problems.Answer(AuditProblems.EventUnknown);

        var (proof, problem) = await proofs.OfEventAsync(log, id, witnessed: false, http.RequestAborted);
        if (problem is not null) return Problems.Answer(problem);

        var e = await reader.EventAsync(log.TenantId, proof!.Position, http.RequestAborted);
        var salt = Payloads.SaltOf(log, e);
        var pack = new ArrayBufferWriter<byte>(4_096);
        using (var json = new Utf8JsonWriter(pack, Readable))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("origin", log.Origin);
            json.WriteNumber("position", proof.Position);
            json.WriteString("state", Payloads.Intact);
            json.WriteString("entry", Encoding.UTF8.GetString(e.Logged.Entry));
            json.WriteBase64String("salt", salt);
            json.WritePropertyName("data");
            json.WriteRawValue(e.Data, skipInputValidation: true);
            json.WriteString("tlog_proof", proof.Proof.ToString());
            json.WriteNull("tombstone");
            json.WriteStartArray("keys");
            foreach (var key in (await keys.ReadAsync(log.TenantId, http.RequestAborted)).Keys) json.WriteStringValue(key.Vkey);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return JsonAnswer.Read(new Rendered(pack.WrittenMemory, "application/json", proof.Checkpoint.Size, "private, no-store"));
    }
}

/// <summary>The data of events as it leaves the service: with the salt that makes it checkable.</summary>
static class Payloads
{
    /// <summary>The state of a payload that is what was committed to.</summary>
    public const string Intact = "INTACT";

    /// <summary>The state of a payload that is something else.</summary>
    public const string Altered = "ALTERED";

    /// <summary>The salt of an event whose stored data is what was committed to.</summary>
    /// <exception cref="AuditAlteredException">The data is something else.</exception>
    public static byte[] SaltOf(TenantLog log, LoggedEvent e) =>
        TrySaltOf(log, e) ?? throw new AuditAlteredException(e.Logged.Audited.Position);

    /// <summary>The salt of an event whose stored data is what was committed to; null when it is something else.</summary>
    public static byte[]? TrySaltOf(TenantLog log, LoggedEvent e)
    {
        var salt = new byte[Commitment.SaltSize];
        log.WriteSalt(e.Logged.Audited.Position, e.Logged.Audited.Id, salt);
        var canonical = new ArrayBufferWriter<byte>(e.Data.Length);
        return CanonicalJson.TryWrite(e.Data, canonical, out _, AuditAppender.MaxDepth)
            && Commitment.Of(salt, canonical.WrittenSpan) == e.Logged.Commit
                ? salt
                : null;
    }
}
