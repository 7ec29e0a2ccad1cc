using Stet.Client.Api;
using static Stet.Client.Tests.Api.Ordinary;

namespace Stet.Client.Tests.Api;

public class PcsSpecs
{
    [Fact]
    public async Task A_document_is_accepted_once()
    {
        var stet = await WithKeyAsync();

        var first = await stet.Pcs.SubmitAsync(Document().ToJson());
        var again = await stet.Pcs.SubmitAsync((Document() with { Attempt = 2 }).ToJson());

        (first.Value.Outcome, first.Value.Accepted, first.Value.Reason, first.IsRepeated).ShouldBe((SubmissionOutcome.Accepted, true, "", false));
        (again.IsRepeated, again.Position, again.Value.RecomputedDHat).ShouldBe((true, first.Position, first.Value.RecomputedDHat));
        var found = (await stet.Pcs.FindAsync(Document().PcsId)).Value;
        var recorded = found.Submissions.ShouldHaveSingleItem();
        (recorded.Kid, recorded.Dialect, recorded.Epoch, recorded.Position).ShouldBe(("k1", "A-bytes", 7, first.Position));
        recorded.Document.GetProperty("D_hat").GetDouble().ShouldBe(Document().DHat);
    }

    [Fact]
    public async Task An_escalation_is_no_refusal_and_is_resolved_once()
    {
        var stet = await WithKeyAsync();
        var submitted = await stet.Pcs.SubmitAsync(Doubtful().ToJson());

        var open = await stet.Pcs.EscalationsAsync().ToListAsync();
        var resolved = await stet.Pcs.ResolveAsync(Doubtful().PcsId, ResolutionKind.Rejected, "looked at it");
        var again = await stet.Pcs.ResolveAsync(Doubtful().PcsId, ResolutionKind.Rejected);
        var otherwise = await Should.ThrowAsync<StetException>(stet.Pcs.ResolveAsync(Doubtful().PcsId, ResolutionKind.Accepted));

        submitted.Value.Outcome.ShouldBe(SubmissionOutcome.Escalated);
        submitted.Value.Reasons.ShouldHaveSingleItem().Code.ShouldBe("budget_mismatch");
        open.ShouldHaveSingleItem().PcsId.ShouldBe(Doubtful().PcsId);
        (resolved.Value.Kind, resolved.Value.Comment, resolved.IsRepeated).ShouldBe((ResolutionKind.Rejected, "looked at it", false));
        (again.Value, again.IsRepeated).ShouldBe((resolved.Value, true));
        otherwise.Code.ShouldBe("pcs_resolved_otherwise");
        (await stet.Pcs.EscalationsAsync().ToListAsync()).ShouldBeEmpty();
        (await stet.Pcs.EscalationsAsync(EscalationState.Resolved).ToListAsync()).ShouldHaveSingleItem().Resolution.ShouldBe(resolved.Value);
        (await stet.Pcs.EscalationsAsync(EscalationState.All).ToListAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_contradiction_is_refused_and_listed()
    {
        var stet = await WithKeyAsync();
        await stet.Pcs.SubmitAsync(Document().ToJson());

        var refusal = await Should.ThrowAsync<StetException>(stet.Pcs.SubmitAsync(Doubtful().ToJson()));

        refusal.Code.ShouldBe("pcs_equivocation");
        refusal.Document.GetProperty("first_content_digest").GetString().ShouldBe(Document().ContentDigest());
        var listed = (await stet.Pcs.EquivocationsAsync().ToListAsync()).ShouldHaveSingleItem();
        (listed.PcsId, listed.SignedPartDiffers).ShouldBe((Document().PcsId, true));
        listed.Members.ShouldBe(["budget"]);
    }

    [Fact]
    public async Task Documents_are_listed_by_shard_epoch_and_outcome()
    {
        var stet = await WithKeyAsync();
        for (var epoch = 0; epoch < 60; epoch++) await stet.Pcs.SubmitAsync((epoch == 3 ? Doubtful(epoch) : Document(epoch)).ToJson());

        var all = await stet.Pcs.ListAsync().ToListAsync();
        var shard = new SubmissionsQuery { ShardId = "shard-001", EpochFrom = 2, EpochTo = 4 };
        var latest = (await stet.Pcs.LatestAsync("shard-001")).Value;

        all.Select(s => s.Epoch).ShouldBe(Enumerable.Range(0, 60).Reverse().Select(e => (long)e));
        (await EpochsAsync(shard)).ShouldBe([4, 3, 2]);
        (await EpochsAsync(shard with { Outcome = SubmissionOutcome.Accepted })).ShouldBe([4, 2]);
        (await EpochsAsync(new SubmissionsQuery { Outcome = SubmissionOutcome.Escalated })).ShouldBe([3]);
        (await EpochsAsync(SubmissionsQuery.Of("shard-001", 9))).ShouldBe([9]);
        (latest.Submitted.Epoch, latest.Accepted?.Epoch).ShouldBe((59, 59));

        async Task<IEnumerable<long>> EpochsAsync(SubmissionsQuery query) => (await stet.Pcs.ListAsync(query).ToListAsync()).Select(s => s.Epoch);
    }

    [Fact]
    public async Task A_signature_that_does_not_hold_is_a_401_and_counted()
    {
        var stet = await WithKeyAsync();
        await stet.Pcs.SubmitAsync(Document().ToJson());

        var refusal = await Should.ThrowAsync<StetException>(stet.Pcs.SubmitAsync(Document(8, secret: "wrong").ToJson()));
        var summary = (await stet.Pcs.SummaryAsync()).Value;

        ((int)refusal.Status, refusal.Code).ShouldBe((401, "signature_invalid"));
        (summary.Accepted, summary.EscalationRate, summary.Refused["signature_invalid"]).ShouldBe((1, 0, 1));
    }

    [Fact]
    public async Task What_came_again_is_counted_within_a_second_or_two()
    {
        var stet = await WithKeyAsync();
        for (var i = 0; i < 3; i++) await stet.Pcs.SubmitAsync(Document().ToJson());

        for (var deadline = Environment.TickCount64 + 20_000; (await stet.Pcs.SummaryAsync()).Value.Deliveries.Duplicates < 2;)
        {
            Environment.TickCount64.ShouldBeLessThan(deadline);
            await Task.Delay(100);
        }

        var again = (await stet.Pcs.DuplicatesAsync().ToListAsync()).ShouldHaveSingleItem();
        (again.PcsId, again.Redeliveries).ShouldBe((Document().PcsId, 2));
        (await stet.Pcs.FindAsync(Document().PcsId)).Value.Redeliveries.ShouldBe(2);
    }

    [Fact]
    public async Task Keys_are_registered_shown_without_their_secret_and_revoked()
    {
        var stet = await WithKeyAsync();
        var publicKey = Stet.AuditLog.Ed25519.Managed.PublicKey(new byte[32]);
        var until = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

        var registered = (await stet.Pcs.RegisterKeyAsync("k2", NewSigningKey.Ed25519("1.0", publicKey) with { NotAfter = until })).Value;
        var revoked = (await stet.Pcs.RevokeKeyAsync("k1")).Value;
        var keys = (await stet.Pcs.KeysAsync()).Value.Keys;

        (registered.Use, registered.Alg, registered.PublicKey, registered.NotAfter, registered.State)
            .ShouldBe(("1.0", "Ed25519", Convert.ToBase64String(publicKey), until, "valid"));
        revoked.State.ShouldBe("revoked");
        keys.Select(k => $"{k.Kid} {k.State}").ShouldBe(["k1 revoked", "k2 valid"]);
        (await stet.Pcs.KeyAsync("k2")).Value.ShouldBe(registered);
        NewSigningKey.Hmac("0.1", "hunter2").ToString().ShouldBe("HS256 for 0.1");
        (await Should.ThrowAsync<StetException>(stet.Pcs.KeyAsync("k3"))).Code.ShouldBe("pcs_key_not_found");
    }

    [Fact]
    public async Task Policy_and_parameters_are_set_and_read()
    {
        var stet = await WithKeyAsync();

        var policy = (await stet.Pcs.SetSignaturePolicyAsync(SignaturePolicy.None)).Value;
        var set = (await stet.Pcs.SetParametersAsync(new SubmissionParameters { BudgetTolerance = 0.9, MaxAgeSeconds = 60 })).Value;
        var read = (await stet.Pcs.ParametersAsync()).Value;

        policy.Policy.ShouldBe(SignaturePolicy.None);
        (await stet.Pcs.SignaturePolicyAsync()).Value.Policy.ShouldBe(SignaturePolicy.None);
        (set.Version, read.Version).ShouldBe((1, 1));
        read.Parameters.ShouldBe(set.Parameters);
        (read.Parameters.BudgetTolerance, read.Parameters.MaxAgeSeconds, read.Parameters.DHatTolerance).ShouldBe((0.9, 60, 0.15));
        (await stet.Pcs.SubmitAsync(Doubtful().ToJson())).Value.Outcome.ShouldBe(SubmissionOutcome.Accepted);
    }

    static async Task<StetClient> WithKeyAsync()
    {
        var stet = await NewTenantAsync();
        await stet.Pcs.RegisterKeyAsync("k1", NewSigningKey.Hmac("0.1", Secret));
        return stet;
    }
}
