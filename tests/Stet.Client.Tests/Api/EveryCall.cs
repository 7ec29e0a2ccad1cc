using System.Text.Json;
using Stet.Client.Api;
using Stet.Testing;
using static Stet.Client.Tests.Api.Ordinary;

namespace Stet.Client.Tests.Api;

/// <summary>Every call of the client, each with all that it can say.</summary>
static class EveryCall
{
    public static async Task MakeAsync(StetClient stet, string tenantId)
    {
        await stet.CreateTenantAsync(tenantId);
        await CorrectionsAsync(stet);
        await EnforcementAsync(stet);
        await PcsAsync(stet);
        await DecisionsAsync(stet, tenantId);
        await AuditAsync(stet, tenantId);
    }

    static async Task CorrectionsAsync(StetClient stet)
    {
        var written = await stet.Corrections.RecordAsync(Correction());
        var id = written.Value.CorrectionId;
        var scoped = new Requester("allergy-bot", "care");
        var late = stet.AtLeast(written.Position);
        await stet.Corrections.RecordManyAsync([Correction("a", "f"), Correction("b", "")]);
        await late.Corrections.FindAsync(id, scoped);
        await late.Corrections.EnforcementAsync(id);
        await late.Facts.ReadAsync(Everything);
        await late.Facts.ContextAsync(Everything, maxTokens: 1_000);
        await late.Facts.ContextBlockAsync(Everything);
        await stet.Corrections.RevokeAsync(id, TakenBack);
        var history = new HistoryQuery(Patient, scoped) { FieldKey = "allergies.penicillin", IncludeRevoked = true };
        await late.Corrections.HistoryPageAsync(history, limit: 1);
        var page = await stet.Corrections.HistoryPageAsync(History, limit: 1);
        await stet.Corrections.RecordAsync(Correction());
        page = await stet.Corrections.HistoryPageAsync(History, limit: 1);
        await stet.Corrections.HistoryPageAsync(History, page.Value.NextCursor);
    }

    static FactsQuery Everything { get; } = new(Patient, new Requester("allergy-bot", "care"))
    {
        FieldKeys = ["allergies.penicillin"],
        Text = "severe",
        AsOf = AsOf.Position(1),
    };

    static async Task EnforcementAsync(StetClient stet)
    {
        await stet.Enforcement.RegisterAsync("a", new SystemSettings { Allowance = new LagAllowance(1, 2) });
        await stet.Enforcement.RegisterAsync("b", new SystemSettings());
        await stet.Enforcement.ReportAsync(Beat);
        await stet.Enforcement.SetDefaultsAsync(new NewDefaults(30, 3));
        var late = stet.AtLeast(1);
        await late.Enforcement.DefaultsAsync();
        await late.Enforcement.FindAsync("a");
        var page = await late.Enforcement.ListPageAsync(includeRetired: true, limit: 1);
        await stet.Enforcement.ListPageAsync(cursor: page.Value.NextCursor);
        await late.Enforcement.StatusAsync(Beat.SystemId);
        await late.Enforcement.EscalationAsync("a");
        await stet.Enforcement.RetireAsync("a");
    }

    static async Task PcsAsync(StetClient stet)
    {
        await stet.Pcs.RegisterKeyAsync("k1", NewSigningKey.Hmac("0.1", Secret));
        await stet.Pcs.SetParametersAsync(new SubmissionParameters());
        await stet.Pcs.SetSignaturePolicyAsync(SignaturePolicy.Required);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            await stet.Pcs.SubmitAsync(Doubtful(epoch).ToJson());
            await RefusedAsync(() => stet.Pcs.SubmitAsync(Document(epoch).ToJson()));
        }

        await stet.Pcs.ResolveAsync(Doubtful(0).PcsId, ResolutionKind.Accepted, "fine");
        var late = stet.AtLeast(1);
        await late.Pcs.FindAsync(Doubtful(0).PcsId);
        await late.Pcs.LatestAsync("shard-001");
        await late.Pcs.SummaryAsync();
        await late.Pcs.KeysAsync();
        await late.Pcs.KeyAsync("k1");
        await late.Pcs.SignaturePolicyAsync();
        await late.Pcs.ParametersAsync();
        var query = new SubmissionsQuery { ShardId = "shard-001", EpochFrom = 0, EpochTo = 9, Outcome = SubmissionOutcome.Escalated };
        var page = await late.Pcs.ListPageAsync(query, limit: 1);
        await late.Pcs.ListPageAsync(query, page.Value.NextCursor);
        await late.Pcs.ListPageAsync(SubmissionsQuery.Of("shard-001", 1));
        page = await late.Pcs.EscalationsPageAsync(EscalationState.All, limit: 1);
        await late.Pcs.EscalationsPageAsync(EscalationState.All, page.Value.NextCursor);
        var contradictions = await late.Pcs.EquivocationsPageAsync(limit: 1);
        await late.Pcs.EquivocationsPageAsync(contradictions.Value.NextCursor);
        await RefusedAsync(() => late.Pcs.DuplicatesPageAsync(contradictions.Value.NextCursor, limit: 1)); // of another list
        await stet.Pcs.RevokeKeyAsync("k1");
    }

    static async Task DecisionsAsync(StetClient stet, string tenantId)
    {
        await Rules.ActivateAsync((await TestService.SharedAsync()).Client(tenantId));
        var (ada, find, refund) = (new Entity("identity", "ada") { Properties = [] }, new Entity("tool", "find_order"), new Entity("tool", "refund_order"));
        var question = new Evaluation(ada, new AccessAction("tools/call") { Properties = [] }, refund) { Context = [] };
        await stet.Decisions.EvaluateManyAsync([question], BatchSemantic.PermitOnFirstPermit, explain: true);
        var denied = await stet.Decisions.EvaluateAsync(question, explain: true);
        await RefusedAsync(() => stet.Decisions.AccessAsync(denied.Value.EvaluationId!.Value));
        await RefusedAsync(() => stet.AtLeast(1).Decisions.AccessAsync(denied.Value.EvaluationId!.Value));
        await RefusedAsync(() => stet.Decisions.CancelAccessAsync(denied.Value.EvaluationId!.Value));
        await RefusedAsync(() => stet.Decisions.RequestAccessAsync(
            question, denied.Value with { Context = new DecisionContext { AccessRequest = new(DateTimeOffset.UnixEpoch) } }));
        await stet.Decisions.SubjectsAsync("identity", "tools/call", find).ToListAsync();
        await stet.Decisions.ResourcesAsync(ada, "tools/call", "tool", []).ToListAsync();
        await stet.Decisions.ActionsAsync(ada, find).ToListAsync();
    }

    static async Task AuditAsync(StetClient stet, string tenantId)
    {
        await stet.Audit.KeysAsync();
        var log = await stet.AtLeast(1).Audit.LogAsync();
        await log.CheckpointAsync();
        var eventId = await AnEventAsync(log);
        foreach (var epoch in (int[])[1, 2])
        {
            var of = stet.AtLeast(1).Audit.Log(tenantId, epoch);
            await IfThereAsync(() => of.CheckpointAsync());
            await RefusedAsync(() => of.CheckpointAsync(witnessed: true));
            await IfThereAsync(() => of.ProofAsync(eventId));
            await RefusedAsync(() => of.ProofAsync(eventId, witnessed: true));
            await IfThereAsync(() => of.InclusionAsync(1, 2));
            await IfThereAsync(() => of.ConsistencyAsync(1, 2));
            await IfThereAsync(() => of.EvidenceAsync(eventId));
            await IfThereAsync(() => of.TileAsync(0, 0, 1));
            await IfThereAsync(async () => await (await of.ExportAsync()).DisposeAsync());

            // There is no second beginning of this log.
            Task IfThereAsync(Func<Task> call) => epoch == 1 ? call() : RefusedAsync(call);
        }

        await stet.Audit.AddKeyAsync();
    }

    /// <summary>The id of the log's first event.</summary>
    static async Task<Guid> AnEventAsync(AuditLogClient log)
    {
        var entry = (await log.EntriesAsync(0, 1)).AsMemory(2);
        return Guid.Parse(JsonElement.Parse(entry.Span).GetProperty("id").GetString()!);
    }

    static async Task RefusedAsync(Func<Task> call) => await Should.ThrowAsync<StetException>(call);
}
