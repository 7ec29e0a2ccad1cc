using System.Text;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests.AuditLog;

public class WitnessPolicySpecs
{
    static readonly TestKey Log = TestKey.Log(TestLog.Origin);
    static readonly TestKey W1 = TestKey.Witness("witness.example/w1", 0x60);
    static readonly TestKey W2 = TestKey.Witness("witness.example/w2", 0x80);
    static readonly TestKey W3 = TestKey.Witness("witness.example/w3", 0xA0);

    static readonly string Nested = $"""
        # who has to have seen a checkpoint
        log {Log.Vkey} https://log.example/
        witness w1 {W1.Vkey} https://w1.example/
        witness w2 {W2.Vkey}
        witness w3 {W3.Vkey}

        group pair all w1 w2
        group either 1 pair w3
        quorum either
        """;

    [Fact]
    public void Groups_count_their_members()
    {
        IsMet(Nested).ShouldBeFalse();
        IsMet(Nested, W1).ShouldBeFalse();
        IsMet(Nested, W1, W2).ShouldBeTrue();
        IsMet(Nested, W3).ShouldBeTrue();
        IsMet(Nested.Replace("either 1", "either 2"), W1, W3).ShouldBeFalse();
        IsMet(Nested.Replace("either 1", "either 2"), W1, W2, W3).ShouldBeTrue();
        IsMet(Nested.Replace("all", "any"), W2).ShouldBeTrue();
    }

    [Fact]
    public void A_quorum_may_be_one_witness_or_none()
    {
        IsMet($"witness w1 {W1.Vkey}\nquorum w1\n").ShouldBeFalse();
        IsMet($"witness w1 {W1.Vkey}\nquorum w1\n", W1).ShouldBeTrue();
        IsMet("quorum none").ShouldBeTrue();
    }

    [Fact]
    public void Counted_witnesses_need_as_many_as_said()
    {
        var policy = WitnessPolicy.Of([AuditKey.Parse(W1.Vkey), AuditKey.Parse(W2.Vkey)], 2);

        policy.IsMetBy(policy.Witnesses.Take(1).ToHashSet()).ShouldBeFalse();
        policy.IsMetBy(policy.Witnesses.ToHashSet()).ShouldBeTrue();
        Refusal(() => WitnessPolicy.Of(policy.Witnesses, 3)).ShouldContain("cannot be had");
        Refusal(() => WitnessPolicy.Of([policy.Witnesses[0], policy.Witnesses[0]], 1)).ShouldContain("given twice");
        Refusal(() => WitnessPolicy.Of([AuditKey.Parse(Log.Vkey)], 1)).ShouldContain("witness (type 4)");
    }

    [Theory]
    [InlineData("quorum either", "", "no `quorum` line")]
    [InlineData("quorum either", "quorum either\nquorum none", "there is a second `quorum`")]
    [InlineData("quorum either", "quorum neither", "`neither` is not defined above")]
    [InlineData("pair w3", "pair w4", "`w4` is not defined above")]
    [InlineData("pair w3", "pair w1", "`w1` is in a group already")]
    [InlineData("group either 1", "group either 3", "1 to 2")]
    [InlineData("group either 1", "group either 0", "1 to 2")]
    [InlineData("group either 1", "group either +1", "1 to 2")]
    [InlineData("group either 1", "group pair 1", "the name `pair` is taken")]
    [InlineData("group either 1", "group none 1", "the name `none` is taken")]
    [InlineData("group pair all w1 w2", "group pair all", "is none of")]
    [InlineData("witness w2", "witnes w2", "is none of")]
    [InlineData("https://w1.example/", "https://w1.example/ # in Lyon", "is none of")]
    [InlineData("all w1 w2", "all w1 w2 #w3", "`#w3` is not defined above")]
    [InlineData("quorum either", "quorum either\r", "Policy, line 9: control characters")]
    [InlineData("log ", "witness w0 ", "witness (type 4)")]
    [InlineData("witness w1 ", "log ", "log (type 1)")]
    [InlineData("+04", "+04", "is damaged")]
    public void A_broken_policy_is_a_usage_error_that_names_the_line(string part, string instead, string problem)
    {
        var text = part == "+04" ? Nested.Replace(W1.Vkey, "witness.example/w9" + W1.Vkey[18..]) : Nested.Replace(part, instead);

        Refusal(() => WitnessPolicy.Parse(text)).ShouldContain(problem);
    }

    [Fact]
    public void One_key_is_one_voice_whatever_it_is_called()
    {
        Refusal(() => WitnessPolicy.Parse($"witness a {W1.Vkey}\nwitness b {W1.Vkey}\nquorum a")).ShouldContain("given twice");

        // The same public key as a log's and as a witness's.
        var both = TestKey.Log("witness.example/w1", 0x60);
        Refusal(() => WitnessPolicy.Parse($"log {both.Vkey}\nwitness a {W1.Vkey}\nquorum a")).ShouldContain("both as a log's");
        Refusal(() => new AuditTrust([AuditKey.Parse(both.Vkey)], WitnessPolicy.Of([AuditKey.Parse(W1.Vkey)], 1))).ShouldContain("both as a log's");
    }

    [Fact]
    public void A_verifier_needs_a_key_of_a_log()
    {
        Refusal(() => new AuditTrust([])).ShouldContain("No key of a log");
        Refusal(() => new AuditTrust([AuditKey.Parse(W1.Vkey)])).ShouldContain("log (type 1)");
    }

    static bool IsMet(string policy, params TestKey[] cosigners)
    {
        var trust = new AuditTrust([AuditKey.Parse(Log.Vkey)], WitnessPolicy.Parse(policy));
        var signed = trust.Open(Encoding.UTF8.GetBytes(TestLog.OfSize(3).Note(cosigners)));
        signed.Cosignatures.Count.ShouldBe(cosigners.Length);
        try
        {
            trust.RequireQuorum(signed);
            return true;
        }
        catch (AuditException e)
        {
            e.Outcome.ShouldBe(AuditOutcome.PolicyUnmet);
            return false;
        }
    }

    static string Refusal(Func<object> action)
    {
        var refused = Should.Throw<AuditException>(() => action());
        refused.Outcome.ShouldBe(AuditOutcome.Usage);
        return refused.Message;
    }
}
