using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Stet.Client.Api;
using Stet.Client.AuditLog;
using Stet.Client.Tests.Api;
using Stet.Testing;

// Outside of Stet's namespaces, as the guide's readers are: they see no types but those they ask for.
namespace Guides;

/// <summary><c>docs/client.md</c>: its code is this code, run against the service.</summary>
public sealed partial class GuideSpecs
{
    [Fact]
    public async Task The_code_of_the_guide_works()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        var stet = Begin(service.Address, tenantId);
        var (patient, query, written, facts) = await CorrectAsync(stet);
        await PromptAsync(stet, query);
        await ReadAllAsync(stet, patient, query);
        await ObeyAsync(stet, facts);
        var people = People.Of(service, tenantId);
        await PutInForceAsync(people.Admin, people.Alice, people.Bob, people.Carol);
        await Rules.ActivateAsync(people, pep: "developer");
        await AskAsync(stet);
        await SubmitAsync(stet, Ordinary.Doubtful(), Ordinary.Secret);
        await ProveAsync(stet, (await stet.Audit.KeysAsync()).Value.Keys.Single().Vkey);
        await RefusedAsync(stet, patient, written);
    }

    [Fact]
    public void A_client_can_be_injected()
    {
        var services = new ServiceCollection();
        services.AddHttpClient<StetClient>(http => http.BaseAddress = new Uri("http://127.0.0.1:8080"));
        using var provider = services.BuildServiceProvider();

        provider.GetRequiredService<StetClient>().Corrections.ShouldNotBeNull();
    }

    [Fact]
    public void Every_example_of_the_guide_stands_here() =>
        ExamplesShouldStandIn("tests/Stet.Client.Tests/Api/GuideSpecs.cs", "docs/client.md", atLeast: 13);

    internal static void ExamplesShouldStandIn(string file, string guide, int atLeast)
    {
        var root = Root(AppContext.BaseDirectory);
        var here = Trimmed(File.ReadAllText(Path.Combine(root, file)));

        var examples = Example().Matches(File.ReadAllText(Path.Combine(root, guide))).Select(m => Trimmed(m.Groups["code"].Value)).ToArray();

        examples.Length.ShouldBeGreaterThanOrEqualTo(atLeast);
        foreach (var example in examples) here.ShouldContain(example);
    }

    static StetClient Begin(Uri address, string tenantId)
    {
        var token = "a token";
        var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };
        http.DefaultRequestHeaders.Add("X-Tenant-Id", tenantId); // in Development
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token); // anywhere else
        var stet = new StetClient(http);

        http.DefaultRequestHeaders.Authorization = null;
        return stet;
    }

    static async Task<(Subject, FactsQuery, Written<CorrectionReceipt>, Reading<SubjectFacts>)> CorrectAsync(StetClient stet)
    {
        var patient = new Subject("patient", "p-17");
        var written = await stet.Corrections.RecordAsync(new NewCorrection(
            patient, "allergies.penicillin", "severe", new Permissions(Readers: ["allergy-bot"]), new Actor("human", "dr-ada")));

        var query = new FactsQuery(patient, new Requester("allergy-bot"));
        var facts = await stet.AtLeast(written.Position).Facts.ReadAsync(query);
        foreach (var fact in facts.Value.Facts) Console.WriteLine($"{fact.FieldKey} is {fact.Value}");

        facts.Value.Facts.ShouldHaveSingleItem().CorrectionId.ShouldBe(written.Value.CorrectionId);

        var mild = await stet.Corrections.SupersedeAsync(written.Value.CorrectionId, new NewCorrection(
            patient, "allergies.penicillin", "mild", new Permissions(Readers: ["allergy-bot"]), new Actor("human", "dr-bob")));
        await stet.Corrections.RevokeAsync(
            mild.Value.CorrectionId, new Revocation(RevocationReason.EnteredInError, new Actor("human", "dr-bob"), "another patient"));

        var before = await stet.Facts.ReadAsync(query with { AsOf = AsOf.Position(written.Position) });

        before.Value.Facts.ShouldHaveSingleItem().Value!.ToString().ShouldBe("severe");

        await stet.Corrections.RecordAsync(
            new NewCorrection(patient, "weight_kg", 81.5, new Permissions(Readers: ["allergy-bot"]), new Actor("human", "dr-ada")),
            new WriteOptions { IdempotencyKey = "visit-2026-11-21/weight" });
        return (patient, query, written, facts);
    }

    static async Task PromptAsync(StetClient stet, FactsQuery query)
    {
        Reading<PromptContext>? block = null;
        for (var question = 0; question < 3; question++)
        {
            block = await stet.Facts.ContextAsync(query, maxTokens: 2_000, known: block);
            Console.WriteLine(block.IsUnchanged ? "as before" : block.Value.Markdown);
        }

        block!.IsUnchanged.ShouldBeTrue();
    }

    static async Task ReadAllAsync(StetClient stet, Subject patient, FactsQuery query)
    {
        await foreach (var correction in stet.Corrections.HistoryAsync(new HistoryQuery(patient, query.Requester) { IncludeRevoked = true }))
            Console.WriteLine($"{correction.CreatedAt:u} {correction.FieldKey} {correction.Status}");
    }

    static async Task ObeyAsync(StetClient stet, Reading<SubjectFacts> facts)
    {
        await stet.Enforcement.RegisterAsync("allergy-filter", new SystemSettings { IntervalSeconds = 60, Scope = ["allergies.*"] });
        var newest = facts.Value.Facts.Select(f => f.CorrectedAt).DefaultIfEmpty(DateTimeOffset.UnixEpoch).Max();
        await stet.Enforcement.ReportAsync(new Heartbeat("allergy-filter", newest) { EnforcedPosition = facts.Position });

        var status = (await stet.Enforcement.StatusAsync("allergy-filter")).Value.Systems.Single();
        Console.WriteLine($"{status.Status}, {status.Compliance}, {status.Lag?.Corrections} corrections behind");

        (status.Status, status.Compliance).ShouldBe((ReportingStatus.Ok, Compliance.Lagging));
    }

    static async Task AskAsync(StetClient stet)
    {
        var question = new Evaluation(new Entity("identity", "ada"), "tools/call", new Entity("tool", "refund_order"));
        var decision = (await stet.Decisions.EvaluateAsync(question)).Value;
        if (decision.IsRequestable)
        {
            // A person may turn it: ask, look until somebody has decided, then put the question again with the approval.
            var request = (await stet.Decisions.RequestAccessAsync(question, decision)).Value.Task;
            var answer = (await stet.Decisions.AccessAsync(request.Id)).Value;
            if (answer.Result is { } result) decision = (await stet.Decisions.EvaluateAsync(question.With(result.Approval))).Value;
        }

        Console.WriteLine(decision.IsPlainAllow ? "go on" : "refused");

        (decision.Allowed, decision.IsRequestable).ShouldBe((false, true));
    }

    static async Task PutInForceAsync(StetClient admin, StetClient alice, StetClient bob, StetClient carol)
    {
        await admin.Policy.NameApproverAsync("bob");
        await admin.Policy.NameApproverAsync("carol");

        const string schema = """
            @authzen("identity") entity Identity;
            @authzen("tool") entity Tool;
            action "tools/call" appliesTo { principal: Identity, resource: Tool };
            """;
        var drafted = (await alice.Policy.DraftAsync(new NewCandidate(
            [new("may-call", """permit (principal is Identity, action == Action::"tools/call", resource is Tool);""")], schema))).Value;
        foreach (var finding in drafted.Findings) Console.WriteLine($"{finding.Part}, {finding.Name}: {finding.Message}");

        var diff = (await alice.Policy.DiffAsync(drafted.Candidate)).Value;
        Console.WriteLine($"{diff.Counts.AllowToDeny} decisions would become a no, {diff.Counts.DenyToAllow} a yes");

        await bob.Policy.ApproveAsync(diff.Shown);
        await carol.Policy.ApproveAsync(diff.Shown);
        var activated = await alice.Policy.ActivateAsync(diff.Shown);

        await admin.Entities.ImportAsync(
        [
            new(new("Identity", "ada")),
            new(new("Tool", "find_order")),
        ]);

        var asked = new Evaluation(new Entity("identity", "ada"), "tools/call", new Entity("tool", "find_order"));
        var today = await admin.Decisions.EvaluateAsync(asked, explain: true);

        var before = (await admin.Decisions.AsOf(activated.Position - 1).EvaluateAsync(asked)).Value;
        Console.WriteLine($"allowed: {before.Allowed} before, {today.Value.Allowed} today");

        var changes = (await admin.PolicyAudit.ChangesAsync(asked, activated.Position - 1, today.Position)).Value;
        foreach (var flip in changes.Flips) Console.WriteLine($"{flip.Cause} at {flip.After.Position}");

        var promoted = (await alice.PolicyAudit.PromoteAsync(today.Value.EvaluationId!.Value)).Value;
        var next = new NewCandidate([new("nothing", "forbid (principal, action, resource);")], schema) { Tests = [promoted.Test] };
        Console.WriteLine((await alice.Policy.DraftAsync(next)).Value.State); // Invalid: the test fails

        (before.Allowed, today.Value.Allowed, changes.Changed).ShouldBe((false, true, true));
    }

    static async Task SubmitAsync(StetClient stet, Stet.Pcs.PcsDocument document, string secret)
    {
        await stet.Pcs.RegisterKeyAsync("sensor-1", NewSigningKey.Hmac("0.1", secret));
        var verdict = await stet.Pcs.SubmitAsync(document.ToJson());
        Console.WriteLine($"{verdict.Value.Outcome} at {verdict.Position}{(verdict.IsRepeated ? ", once more" : "")}");

        await foreach (var escalated in stet.Pcs.EscalationsAsync())
            await stet.Pcs.ResolveAsync(escalated.PcsId, ResolutionKind.Rejected, "counts do not fit the budget");

        (await stet.Pcs.SummaryAsync()).Value.ResolvedRejected.ShouldBe(1);
    }

    static async Task ProveAsync(StetClient stet, string vkey)
    {
        var proved = await stet.Enforcement.ReportAsync(
            new Heartbeat("allergy-filter", DateTimeOffset.UnixEpoch), new WriteOptions { Receipt = true });
        byte[] file = proved.Receipts.Single().ToJson();

        var trust = new AuditTrust([AuditKey.Parse(vkey)]);
        var report = AuditProof.Verify(file, trust);
        Console.WriteLine($"{report.Outcome}: position {report.Proved.Single().Position}");

        report.Outcome.ShouldBe(AuditOutcome.Verified);
    }

    static async Task RefusedAsync(StetClient stet, Subject patient, Written<CorrectionReceipt> written)
    {
        try
        {
            await stet.Corrections.SupersedeAsync(written.Value.CorrectionId, new NewCorrection(
                patient, "allergies.penicillin", "none", new Permissions(Readers: ["allergy-bot"]), new Actor("human", "dr-eve")));
        }
        catch (StetException e) when (e.Code == "supersedes_not_active")
        {
            Console.WriteLine($"Somebody was faster: {e.Detail}");
        }
    }

    static string Trimmed(string code) => string.Join('\n', code.Trim().Split('\n').Select(line => line.Trim()));

    static string Root(string folder) => File.Exists(Path.Combine(folder, "Stet.sln")) ? folder : Root(Path.GetDirectoryName(folder)!);

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Example();
}
