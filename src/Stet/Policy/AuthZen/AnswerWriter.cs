using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Stet.Audit;
using Stet.Cedar;
using Stet.Http;
using Stet.Policy.AccessRequests;
using Stet.Policy.Decisions;

namespace Stet.Policy.AuthZen;

/// <summary>Writes decisions as AuthZEN wants them: <c>{decision, context?}</c>.</summary>
static class AnswerWriter
{
    const int MostExplained = 20;

    static readonly byte[] allow = "{\"decision\":true}"u8.ToArray();
    static readonly byte[] deny = "{\"decision\":false}"u8.ToArray();

    /// <summary>Answers one question.</summary>
    public static Task WriteAsync(HttpContext http, in Answer answer, long position)
    {
        if (answer.EvaluationId is { } id) http.Response.Headers["Stet-Evaluation-Id"] = id.ToString();
        if (!answer.HasContext) return SendAsync(http, answer.Taken.Effective.Decision ? allow : deny, position);

        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, JsonAnswer.Readable)) Write(json, answer, position);
        return SendAsync(http, body.WrittenMemory, position);
    }

    /// <summary>Answers a batch, in order.</summary>
    public static Task WriteAsync(HttpContext http, IReadOnlyList<Answer> answers, long position)
    {
        var body = new ArrayBufferWriter<byte>(64 + (answers.Count * 24));
        using (var json = new Utf8JsonWriter(body, JsonAnswer.Readable))
        {
            json.WriteStartObject();
            json.WriteStartArray("evaluations"u8);
            foreach (var answer in answers) Write(json, answer, position);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return SendAsync(http, body.WrittenMemory, position);
    }

    /// <summary>Sends a JSON object with the position of the log that it shows, and with receipts if they were asked for.</summary>
    public static async Task SendAsync(HttpContext http, ReadOnlyMemory<byte> answer, long position)
    {
        var body = await Receipts.AddWantedAsync(http, answer);
        var response = http.Response;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers["Stet-Position"] = position.ToString(CultureInfo.InvariantCulture);
        await response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    static void Write(Utf8JsonWriter json, in Answer answer, long position)
    {
        json.WriteStartObject();
        json.WriteBoolean("decision"u8, answer.Taken.Effective.Decision);
        if (answer.HasContext)
        {
            json.WriteStartObject("context"u8);
            if (answer.Problem is { } problem) WriteError(json, problem);
            else WriteContext(json, answer, answer.Taken, position);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    static void WriteError(Utf8JsonWriter json, AskedProblem problem)
    {
        json.WriteStartObject("error"u8);
        json.WriteNumber("status"u8, 400);
        json.WriteString("message"u8, problem.ToString());
        json.WriteEndObject();
    }

    static void WriteContext(Utf8JsonWriter json, in Answer answer, TakenDecision taken, long position)
    {
        if (answer.Basis.AsOf is { } asOf) json.WriteNumber("as_of"u8, asOf);
        if (answer.EvaluationId is { } id) json.WriteString("evaluation_id"u8, id);
        if (answer.IsRequestable)
        {
            json.WriteStartObject("access_request"u8);
            json.WriteString("expires_at"u8, UtcTimeConverter.Format(answer.Basis.Now + AccessRequest.Requestable));
            json.WriteEndObject();
        }

        if (answer.TellsOfApproval) WriteApproval(json, taken.Approval!.Value, answer.IsRequestable);
        if (answer.TellsObligations)
        {
            Write(json, "obligations"u8, taken.Effective.Obligations);
            Write(json, "advice"u8, answer.Advice);
        }

        if (answer.Explains) WriteExplanation(json, answer.Basis, taken, position);
    }

    static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, EquatableArray<Obligation> obligations)
    {
        if (obligations.Count == 0) return;

        json.WritePropertyName(name);
        DecisionRecordedConverter.Write(json, obligations);
    }

    /// <summary>Why the approval that was referred to did not help, and what does (the draft's words).</summary>
    static void WriteApproval(Utf8JsonWriter json, ApprovalStanding standing, bool isRequestable)
    {
        json.WriteString("reason"u8, standing switch
        {
            ApprovalStanding.Expired => "approval_expired"u8,
            ApprovalStanding.OutOfScope => "out_of_scope"u8,
            ApprovalStanding.Unverifiable or ApprovalStanding.Pending => "approval_unverifiable"u8,
            _ => "policy_denied"u8,
        });
        json.WriteString("next_action"u8, standing switch
        {
            _ when !isRequestable => "none"u8,
            ApprovalStanding.Pending => "retry"u8,
            _ => "request"u8,
        });
    }

    static void WriteExplanation(Utf8JsonWriter json, DecisionBasis basis, TakenDecision taken, long position)
    {
        json.WriteStartObject("explanation"u8);
        json.WriteString("class"u8, taken.Effective.Class.Name());
        if (taken.Effective.Code is { } code) json.WriteString("code"u8, code);
        if (taken.Raw is { } raw) DecisionRecordedConverter.Write(json, raw);
        DecisionRecordedConverter.Texts(json, "invalid"u8, taken.Translated.Request.Invalid);
        DecisionRecordedConverter.Texts(json, "dropped"u8, taken.Translated.Dropped);
        if (DecisionPoint.Explain(basis.Policy, taken.Translated.Request, basis.Entities) is { } why)
            WritePolicies(json, basis, why, taken.Raw);
        if (basis.Policy is { } policy)
        {
            json.WriteString("policy_set_digest"u8, policy.PolicySetDigest);
            json.WriteString("schema_digest"u8, policy.SchemaDigest);
        }

        json.WriteNumber("entity_position"u8, basis.Entities.Position);
        json.WriteNumber("position"u8, position);
        json.WriteString("now"u8, UtcTimeConverter.Format(basis.Now));
        json.WriteEndObject();
    }

    /// <summary>
    /// What became of policies: first those that the answer rests on, then the others that hold, then those whose scope does.
    /// </summary>
    static void WritePolicies(Utf8JsonWriter json, DecisionBasis basis, Explanation why, RawResult? raw)
    {
        HashSet<string> decisive = raw is null ? [] : [.. raw.Determining, .. raw.Errors.Select(error => error.Policy)];
        json.WriteStartArray("policies"u8);
        var nearest = why.Policies.OrderBy(policy => policy.FirstFailing switch
        {
            _ when decisive.Contains(policy.Policy.Value) => 0,
            null => 1,
            Clause.Condition => 2,
            Clause.Resource => 3,
            Clause.Action => 4,
            _ => 5,
        }).Take(MostExplained);
        foreach (var policy in nearest)
        {
            json.WriteStartObject();
            json.WriteString("policy"u8, policy.Policy.Value);
            json.WriteString("effect"u8, policy.Effect == Effect.Permit ? "permit"u8 : "forbid"u8);
            json.WriteBoolean("satisfied"u8, policy.IsSatisfied);
            if (policy.FirstFailing is { } clause)
            {
                json.WriteString("first_failing"u8, clause switch
                {
                    Clause.Principal => "principal"u8,
                    Clause.Action => "action"u8,
                    Clause.Resource => "resource"u8,
                    _ => "condition"u8,
                });
                if (basis.Policy!.Snapshot.TryGetPolicy(policy.Policy, out var text))
                    json.WriteString("text"u8, text.TextAt(policy.Where));
            }

            if (policy.Error is { } error) json.WriteString("error"u8, error.Describe());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (why.Policies.Length > MostExplained) json.WriteNumber("policies_left_out"u8, why.Policies.Length - MostExplained);
    }
}

/// <summary>The answer to one question.</summary>
/// <param name="Basis">What it rests on.</param>
/// <param name="Taken">The decision.</param>
/// <param name="Problem">What is wrong with the question, which is denied for it; null for a sound one.</param>
/// <param name="EvaluationId">The recorded decision's; null when none was recorded.</param>
/// <param name="Explains">Whether the answer says why.</param>
readonly record struct Answer(
    DecisionBasis Basis, TakenDecision Taken, AskedProblem? Problem, Guid? EvaluationId, bool Explains)
{
    /// <summary>What the decision suggests; nothing for an enforcement point that is not told.</summary>
    public EquatableArray<Obligation> Advice { get; } =
        Problem is null && Basis.Pep.Drafts.Contains(RegisteredPep.ObligationsDraft)
            ? DecisionPoint.Advice(Basis.Policy, Taken.Raw)
            : default;

    /// <summary>Whether people can turn the denial, and the enforcement point can ask them to.</summary>
    public bool IsRequestable { get; } =
        Basis.AsOf is null && Taken is { Effective.Class: DecisionClass.Forbidden } && Basis.Pep.Drafts.Contains(RegisteredPep.AccessRequestDraft)
        && AccessOffer.Of(Basis.Policy, Taken.Translated.Request, Basis.Entities, Taken.Pep, Taken.Raw, Taken.Effective) is not null
        && AccessOffer.ScopeOf(Taken.Translated.Request, Taken.Translated.Sources) is not null;

    /// <summary>Whether the enforcement point is told of obligations and advice.</summary>
    public bool TellsObligations =>
        Problem is null && Basis.Pep.Drafts.Contains(RegisteredPep.ObligationsDraft)
        && (Taken.Effective.Obligations.Count > 0 || Advice.Count > 0);

    /// <summary>Whether it refers to an approval, and is denied all the same.</summary>
    public bool TellsOfApproval => Taken is { Approval: not null, Effective.Decision: false };

    /// <summary>Whether it says more than the decision.</summary>
    public bool HasContext =>
        Problem is not null || Explains || Basis.AsOf is not null || TellsObligations || TellsOfApproval || IsRequestable;
}
