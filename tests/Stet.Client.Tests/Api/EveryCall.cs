using System.Text.Json;
using Stet.Client.Api;
using static Stet.Client.Tests.Api.Ordinary;

namespace Stet.Client.Tests.Api;

/// <summary>Every call of the client, each with all that it can say.</summary>
static class EveryCall
{
    public static async Task MakeAsync(People people, string tenantId)
    {
        var stet = people.Admin;
        await stet.CreateTenantAsync(tenantId);
        (await stet.CreateTenantAsync(Guid.Empty.ToString())).Value.ShouldBe(new TenantCreated(Guid.Empty.ToString()));
        await CorrectionsAsync(stet);
        await EnforcementAsync(stet);
        await PcsAsync(stet);
        await PolicyAsync(people);
        await EntitiesAsync(stet);
        await DecisionsAsync(people.Gateway);
        await AccessRequestsAsync(people);
        await PolicyAuditAsync(stet);
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
        await late.Corrections.EnforcementAsync(id, "bot");
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

    static async Task PolicyAsync(People people)
    {
        await Rules.ActivateAsync(people);
        var candidate = (await people.Alice.Policy.DraftAsync(Rules.Stricter with
        {
            Policies = [new("of", "permit (principal == ?principal, action, resource);")],
            Links = [new("of", "of-ada", new EntityName("Identity", "ada"))],
            Tests = [],
            Note = "stricter",
        })).Value.Candidate;
        var late = people.Alice.AtLeast(1);
        await late.Policy.ValidateAsync(candidate);
        var diff = (await late.Policy.DiffAsync(candidate, from: 1, to: 2)).Value;
        await RefusedAsync(() => late.Policy.DiffProgressAsync(candidate));
        await (await late.Policy.ReportAsync(candidate, diff.DiffDigest)).DisposeAsync();
        await RefusedAsync(() => late.Policy.ActivateAsync(diff.Shown, DateTimeOffset.UnixEpoch));
        await late.Policy.FindAsync(candidate);
        await late.Policy.TextAsync(candidate);
        await late.Policy.InForceAsync();
        await people.Bob.Policy.RejectAsync(candidate, "too strict");
        await RefusedAsync(() => late.Policy.RetireAsync(candidate, "too strict"));
        await RefusedAsync(() => late.Policy.RollBackAsync(candidate, "too strict"));
        var page = await late.Policy.ListPageAsync(limit: 1);
        await late.Policy.ListPageAsync(page.Value.NextCursor);
        await late.Policy.ApproversAsync();
        await people.Admin.Policy.RemoveApproverAsync("carol");
    }

    static async Task EntitiesAsync(StetClient stet)
    {
        var tool = new EntityName("Tool", "shop://find order");
        await stet.Entities.RecordAsync(new KnownEntity(tool));
        await stet.Entities.ImportJsonAsync("[]"u8.ToArray());
        var late = stet.AtLeast(1);
        await late.Entities.FindAsync(tool);
        var page = await late.Entities.ListPageAsync("Tool", limit: 1);
        await late.Entities.ListPageAsync("Tool", page.Value.NextCursor);
        await stet.Entities.RemoveAsync(tool);
    }

    static async Task DecisionsAsync(StetClient stet)
    {
        var (ada, find, refund) = (new Entity("identity", "ada") { Properties = [] }, new Entity("tool", "find_order"), new Entity("tool", "refund_order"));
        var question = new Evaluation(ada, new AccessAction("tools/call") { Properties = [] }, refund) { Context = [] };
        await stet.Decisions.EvaluateManyAsync([question], BatchSemantic.PermitOnFirstPermit, explain: true);
        var denied = await stet.Decisions.EvaluateAsync(question, explain: true);
        await RefusedAsync(() => stet.Decisions.AccessAsync(denied.Value.EvaluationId!.Value));
        await RefusedAsync(() => stet.AtLeast(1).Decisions.AccessAsync(denied.Value.EvaluationId!.Value));
        await RefusedAsync(() => stet.Decisions.CancelAccessAsync(denied.Value.EvaluationId!.Value));
        await stet.Decisions.RequestAccessAsync(question, denied.Value);
        await stet.Decisions.SubjectsAsync("identity", "tools/call", find).ToListAsync();
        await stet.Decisions.ResourcesAsync(ada, "tools/call", "tool", []).ToListAsync();
        await stet.Decisions.ActionsAsync(ada, find).ToListAsync();
        foreach (var pep in (string?[])[null, "gateway"])
        {
            var then = stet.Decisions.AsOf(denied.Position, pep);
            await then.EvaluateAsync(question, explain: true);
            await then.EvaluateManyAsync([question]);
            await then.SubjectsAsync("identity", "tools/call", find).ToListAsync();
            await then.ResourcesAsync(ada, "tools/call", "tool", []).ToListAsync();
            await then.ActionsAsync(ada, find).ToListAsync();
        }

        await stet.AtLeast(1).Decisions.RegistrationAsync("gateway");
        await stet.AtLeast(1).Decisions.RegistrationsAsync();
    }

    static async Task AccessRequestsAsync(People people)
    {
        var refund = new Evaluation(new Entity("identity", "ada"), "tools/call", new Entity("tool", "refund_order"));
        var denied = (await people.Gateway.Decisions.EvaluateAsync(refund)).Value;
        var id = (await people.Gateway.Decisions.RequestAccessAsync(refund, denied)).Value.Task.Id;
        var late = people.Carol.AtLeast(1);
        var page = await late.AccessRequests.ListPageAsync(includeClosed: true, limit: 1);
        await late.AccessRequests.ListPageAsync(includeClosed: true, page.Value.NextCursor);
        await late.AccessRequests.FindAsync(id);
        await late.AccessRequests.ApproveAsync(id, "fine");
        await late.AccessRequests.RevokeAsync(id, "not so fine");
        await late.AccessRequests.DenyAsync((await late.AccessRequests.ListPageAsync()).Value.Requests.Single().Id, "no");
    }

    static async Task PolicyAuditAsync(StetClient stet)
    {
        var late = stet.AtLeast(1);
        var query = new DecisionsQuery { Subject = new Entity("identity", "ada"), Class = DecisionClass.Forbidden, Policy = "refunds" };
        var page = await late.PolicyAudit.DecisionsPageAsync(query, limit: 1);
        await late.PolicyAudit.DecisionsPageAsync(query, page.Value.NextCursor);
        var id = page.Value.Decisions.Single().EvaluationId;
        await late.PolicyAudit.DecisionAsync(id);
        await late.PolicyAudit.PromoteAsync(id);
        await late.PolicyAudit.ChangesAsync(
            new Evaluation(query.Subject, "tools/call", new Entity("tool", "find_order")), 1, page.Position, "gateway");
        await late.PolicyAudit.AuditAsync();
        await late.PolicyAudit.RunAuditAsync(from: 1);
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
