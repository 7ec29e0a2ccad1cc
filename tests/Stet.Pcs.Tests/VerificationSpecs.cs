using Stet.Testing;

namespace Stet.Pcs.Tests;

public class VerificationSpecs
{
    static readonly PcsTenant acme = new(
        "acme", PcsSignaturePolicy.Required, [Ordinary.Key01, Ordinary.Key10], PcsParameters.Default);

    [Fact]
    public void A_signed_document_of_either_version_is_verified()
    {
        var v01 = Verified(Ordinary.V01.Signed());
        v01.Authenticity.ShouldBe(new PcsAuthenticity(PcsDialect.ABytes, "old"));
        v01.Assessment.ShouldBe(new PcsAssessment(1.107309365, 0.31915, []));
        v01.Staleness.ShouldBeNull();

        var v10 = Verified(Ordinary.V10.Signed());
        v10.Authenticity.ShouldBe(new PcsAuthenticity(PcsDialect.JcsHs256, "k1"));
        v10.Document.ShouldBe(Ordinary.V10.Signed());
        v10.ContentDigest.ShouldBe(Ordinary.V10.ContentDigest());
    }

    [Fact]
    public void Every_dialect_is_recognised()
    {
        // Integral, small and negative enough, and a name with all kinds of characters: all forms differ.
        var document = (Ordinary.V01 with { ShardId = "shard-é<1>", DHat = 1, CohStar = -0.0 }).Identified();
        var ed25519 = PcsKey.Ed25519("ed", PcsVersion.V01, Ordinary.PublicKey);

        foreach (var dialect in PcsDialects.OfV01(PcsAlgorithm.HS256))
        {
            Verified(PcsSignature.SignWithHmac(document, Ordinary.Secret, dialect))
                .Authenticity.ShouldBe(new PcsAuthenticity(dialect, "old"));
        }

        foreach (var dialect in PcsDialects.OfV01(PcsAlgorithm.Ed25519))
        {
            var signed = PcsSignature.SignWithEd25519(document, Ordinary.Seed, dialect);
            Verified(signed, acme with { Keys = [Ordinary.Key01, ed25519] })
                .Authenticity.ShouldBe(new PcsAuthenticity(dialect, "ed"));
        }
    }

    [Fact]
    public void A_tenant_without_signatures_admits_any_0_1_and_still_only_signed_1_0()
    {
        var open = new PcsTenant("acme", PcsSignaturePolicy.None, [Ordinary.Key10], PcsParameters.Default);

        Verified(Ordinary.V01 with { Sig = "whatever" }, open).Authenticity.ShouldBe(PcsAuthenticity.Unsigned);
        Refusal(Ordinary.V10, open).ShouldBe("signature_missing");
        Verified(Ordinary.V10.Signed(), open).Authenticity.Kid.ShouldBe("k1");
    }

    [Fact]
    public void A_signature_is_refused_by_the_first_check_that_fails()
    {
        var noKeys = acme with { Keys = [] };
        Refusal(Ordinary.V01, noKeys).ShouldBe("signature_missing");
        Refusal(Ordinary.V01 with { Sig = "x" }, noKeys).ShouldBe("signature_encoding");
        Refusal(Ordinary.V01.Signed(), noKeys).ShouldBe("key_unknown");
        Refusal(Ordinary.V01.Signed(), acme with { Keys = [Ordinary.Key10] }).ShouldBe("key_unknown");
        Refusal(Ordinary.V01 with { Sig = new string('A', 43) + "=" }).ShouldBe("signature_invalid");
        Refusal(Ordinary.V01 with { Sig = new string('A', 86) + "==" }).ShouldBe("signature_invalid");

        var foreign = Ordinary.V10 with { Header = Ordinary.V10.Header! with { Tenant = "globex", Kid = "none" } };
        Refusal(foreign with { Sig = "x" }, noKeys).ShouldBe("signature_encoding");
        Refusal(foreign.Signed(), noKeys).ShouldBe("tenant_mismatch");
        Refusal(Ordinary.V10.Signed(), acme with { Keys = [Ordinary.Key01] }).ShouldBe("key_unknown");

        var expired = PcsKey.Ed25519("k1", PcsVersion.V10, Ordinary.PublicKey, new(NotAfter: Ordinary.Now));
        Refusal(Ordinary.V10.Signed(), acme with { Keys = [expired] }).ShouldBe("key_not_valid");
        var ed25519 = PcsKey.Ed25519("k1", PcsVersion.V10, Ordinary.PublicKey);
        Refusal(Ordinary.V10.Signed(), acme with { Keys = [ed25519] }).ShouldBe("alg_mismatch");
        Refusal(Ordinary.V10 with { Sig = new string('A', 86) + "==" }).ShouldBe("signature_invalid");
    }

    [Fact]
    public void A_refused_signature_still_shows_the_document_and_a_malformed_body_shows_none()
    {
        Verify(Ordinary.V01, acme).ShouldBeOfType<PcsRefused>().Document.ShouldBe(Ordinary.V01);
        PcsVerifier.Verify("{"u8, acme, Ordinary.Now).ShouldBeOfType<PcsRefused>().Document.ShouldBeNull();
    }

    [Fact]
    public void A_key_is_valid_from_not_before_on_until_not_after_or_its_revocation()
    {
        var (start, end) = (Ordinary.Now, Ordinary.Now.AddDays(1));
        var validity = new PcsKeyValidity(start, end);

        validity.Includes(start.AddTicks(-1)).ShouldBeFalse();
        validity.Includes(start).ShouldBeTrue();
        validity.Includes(end.AddTicks(-1)).ShouldBeTrue();
        validity.Includes(end).ShouldBeFalse();
        (validity with { RevokedAt = start.AddHours(1) }).Includes(start.AddHours(1)).ShouldBeFalse();
        (validity with { RevokedAt = start.AddHours(1) }).Includes(start.AddMinutes(59)).ShouldBeTrue();
        PcsKeyValidity.Unlimited.Includes(DateTimeOffset.MinValue).ShouldBeTrue();
    }

    [Fact]
    public void A_key_that_could_verify_nothing_is_a_mistake_of_the_program()
    {
        Should.Throw<ArgumentException>(() => PcsKey.Hmac("k", PcsVersion.V10, new string('x', 31)));
        Should.Throw<ArgumentException>(() => PcsKey.Hmac("k", PcsVersion.V01, ""));
        Should.Throw<ArgumentException>(() => PcsKey.Hmac("", PcsVersion.V01, "secret"));
        Should.Throw<ArgumentException>(() => PcsKey.Ed25519("k", PcsVersion.V01, new byte[31]));
        PcsKey.Hmac("k", PcsVersion.V10, new string('é', 16)).Algorithm.ShouldBe(PcsAlgorithm.HS256);
    }

    [Fact]
    public void A_key_prints_no_secret() => $"{Ordinary.Key10}".ShouldBe("k1 (HS256 for 1.0)");

    [Fact]
    public void Time_counts_for_1_0_and_longer_for_a_document_from_an_outbox()
    {
        var queued = Ordinary.V10 with { Delivery = PcsDelivery.Direct with { OutboxSeq = 1 } };

        Staleness(Ordinary.V10, TimeSpan.FromMinutes(-10)).ShouldBeNull();
        Staleness(Ordinary.V10, TimeSpan.FromMinutes(-10) - microsecond).ShouldBe("sent_at_stale");
        Staleness(Ordinary.V10, TimeSpan.FromMinutes(10)).ShouldBeNull();
        Staleness(Ordinary.V10, TimeSpan.FromMinutes(10) + microsecond).ShouldBe("sent_at_in_future");
        Staleness(queued, TimeSpan.FromDays(-14)).ShouldBeNull();
        Staleness(queued, TimeSpan.FromDays(-14) - microsecond).ShouldBe("sent_at_stale");
        Staleness(queued, TimeSpan.FromMinutes(10) + microsecond).ShouldBe("sent_at_in_future");
        Staleness(Ordinary.V01, TimeSpan.FromDays(-4000)).ShouldBeNull();
    }

    [Fact]
    public void Digits_after_the_ninth_decimal_of_0_1_influence_nothing()
    {
        var signed = Verified(Ordinary.V01.Signed());
        var more = Ordinary.V01 with
        {
            DHat = 1.1073093650000001,
            R = 0.30283333300000002,
            Budget = 0.3191500000001,
            CohStar = 0.05000000000004,
        };

        var verified = Verified(more with { Sig = signed.Document.Sig });
        verified.ContentDigest.ShouldBe(signed.ContentDigest);
        verified.Assessment.ShouldBe(signed.Assessment);
    }

    [Fact]
    public void Documents_that_differ_in_unsigned_members_alone_do_not_blame_the_shard()
    {
        var other = Ordinary.V01 with
        {
            Seed = 1,
            VStar = new(0, 0, 1),
            Regime = PcsRegime.Sticky,
            Scales = [new(2, 3), new(4, 9)],
        };

        Between(Ordinary.V01, other).ShouldBe(new(["seed", "scales", "N_j", "v_star", "regime"], false));
        Between(Ordinary.V01, other with { DHat = 1.2, Budget = 0.3191500000001 })
            .ShouldBe(new(["seed", "scales", "N_j", "v_star", "D_hat", "regime"], SignedPartDiffers: true));
    }

    [Fact]
    public void Documents_of_1_0_that_differ_at_all_differ_in_their_signed_part()
    {
        var more = Ordinary.V10 with { Header = Ordinary.V10.Header! with { LeafCount = 10 } };

        Between(Ordinary.V10, more).ShouldBe(new(["leaf_count"], SignedPartDiffers: true));
        Between(Ordinary.V10, Ordinary.V10 with { Budget = 0.3191500000001 })
            .ShouldBe(new(["budget"], SignedPartDiffers: true));
    }

    [Fact]
    public void What_depends_on_a_d_hat_out_of_tolerance_is_escalated_too()
    {
        // Recomputed 2.5 for a claim of 2.7: the regime and the budget are right for the claim only.
        var claim = Ordinary.V01 with
        {
            DHat = 2.7,
            Scales = [new(2, 1), new(8, 32)],
            Regime = PcsRegime.NonSticky,
            Budget = PcsParameters.Default.Budget(2.7, 0.05, 0.302833333),
        };

        Codes(claim).ShouldBe(["d_hat_out_of_tolerance!", "regime_mismatch!", "budget_mismatch!"]);
        Codes(claim with { DHat = 2.62, Budget = PcsParameters.Default.Budget(2.62, 0.05, 0.302833333) })
            .ShouldBe(["regime_mismatch", "budget_mismatch"]);
        Codes(Ordinary.V01 with { DHat = double.MaxValue, CohStar = -double.MaxValue, Budget = 1e300 })
            .ShouldBe(
            [
                "d_hat_out_of_bounds!", "d_hat_out_of_tolerance!", "coh_star_out_of_bounds!", "regime_mismatch!",
                "budget_mismatch!",
            ]);
    }

    [Fact]
    public void A_degraded_document_is_escalated_unless_the_compressor_alone_is_to_blame()
    {
        string[] CodesOf(bool isDegraded, params string[] fallbacks) => Codes(Ordinary.V01 with
        {
            Delivery = new PcsDelivery(0, isDegraded, [.. fallbacks], 0),
        });

        CodesOf(false).ShouldBeEmpty();
        CodesOf(true).ShouldBe(["degraded!"]);
        CodesOf(true, "zlib").ShouldBe(["degraded"]);
        CodesOf(false, "zlib").ShouldBe(["degraded"]);
        CodesOf(true, "zlib", "late_rows").ShouldBe(["degraded!"]);
        CodesOf(false, "late_rows").ShouldBe(["degraded!"]);
    }

    [Fact]
    public void What_was_degraded_is_named_within_limits()
    {
        string Message(params string[] fallbacks) => Verified(
            (Ordinary.V01 with { Delivery = new PcsDelivery(0, true, [.. fallbacks], 0) }).Signed()).Assessment.Findings.ShouldHaveSingleItem().Message;

        Message().ShouldBe("The sender computed something in a lesser way.");
        Message("zlib", "late_rows", "zlib").ShouldBe("The sender computed something in a lesser way: `zlib`, `late_rows`.");
        Message("late_rows", "\u0001", "two words").ShouldBe("The sender computed something in a lesser way: `late_rows` and others.");
        Message("\u0001").ShouldBe("The sender computed something in a lesser way.");
        Message([.. Enumerable.Range(0, 1_000).Select(n => $"{n}{new string('x', 60)}")]).Length.ShouldBeLessThan(700);
    }

    [Fact]
    public void Parameters_are_those_of_the_tenant()
    {
        var strict = acme with { Parameters = PcsParameters.Default with { DHatTolerance = 0, BudgetTolerance = 0 } };

        Verified(Ordinary.V01.Signed(), strict).Assessment.Findings.ShouldBeEmpty();
        Verified((Ordinary.V01 with { DHat = 1.107309366 }).Signed(), strict).Assessment.Findings
            .ShouldHaveSingleItem().Message.ShouldBe("`D_hat` is too far from what `N_j` comes to.");
    }

    [Fact]
    public void Parameters_that_make_no_sense_are_named()
    {
        PcsParameters.Default.Problems().ShouldBeEmpty();
        (PcsParameters.Default with { DHatTolerance = 1, BudgetBase = 0, DHatWeight = 0 }).Problems().ShouldBeEmpty();

        foreach (var (wrong, member) in ((PcsParameters, string)[])
                 [
                     (PcsParameters.Default with { DHatTolerance = 1.01 }, "DHatTolerance"),
                     (PcsParameters.Default with { CohStarTolerance = -0.01 }, "CohStarTolerance"),
                     (PcsParameters.Default with { BudgetTolerance = double.NaN }, "BudgetTolerance"),
                     (PcsParameters.Default with { BudgetBase = 1.1 }, "BudgetBase"),
                     (PcsParameters.Default with { DHatWeight = -1 }, "DHatWeight"),
                     (PcsParameters.Default with { CoherenceWeight = double.PositiveInfinity }, "CoherenceWeight"),
                     (PcsParameters.Default with { StickyDHat = 2.6 }, "StickyDHat"),
                     (PcsParameters.Default with { MaxAge = TimeSpan.Zero }, "MaxAge"),
                     (PcsParameters.Default with { MaxAhead = TimeSpan.MaxValue }, "MaxAhead"),
                     (PcsParameters.Default with { AnswerLifetime = TimeSpan.Zero }, "AnswerLifetime"),
                 ])
        {
            wrong.Problems().Select(p => p.Member).ShouldBe([member]);
        }
    }

    static readonly TimeSpan microsecond = TimeSpan.FromMicroseconds(1);

    static PcsEquivocation Between(PcsDocument first, PcsDocument second) => PcsEquivocation.Between(first, second);

    static string? Staleness(PcsDocument document, TimeSpan offset)
    {
        var sent = document with { SentAt = (Ordinary.Now + offset).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'") };
        return Verified(sent.Signed()).Staleness?.Code;
    }

    /// <summary>The codes of the findings, an escalation with an exclamation mark.</summary>
    static string[] Codes(PcsDocument document) =>
        [.. Verified(document.Signed()).Assessment.Findings
            .Select(finding => finding.Code + (finding.Severity == PcsSeverity.Escalation ? "!" : ""))];

    static PcsVerified Verified(PcsDocument document, PcsTenant? tenant = null) =>
        Verify(document, tenant ?? acme).ShouldBeOfType<PcsVerified>();

    static string Refusal(PcsDocument document, PcsTenant? tenant = null)
    {
        var refusal = Verify(document, tenant ?? acme).ShouldBeOfType<PcsRefused>().Refusal;
        refusal.Status.ShouldBe(401);
        return refusal.Code;
    }

    static PcsVerdict Verify(PcsDocument document, PcsTenant tenant) =>
        PcsVerifier.Verify(document.ToJson(), tenant, Ordinary.Now);
}
