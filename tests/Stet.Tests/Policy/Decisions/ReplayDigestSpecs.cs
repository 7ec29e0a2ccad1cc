using Stet.Cedar;
using Stet.Policy.Decisions;
using static Stet.Tests.Policy.Lifecycle.Decided;

namespace Stet.Tests.Policy.Decisions;

public class ReplayDigestSpecs
{
    static readonly DecisionRecorded decision = Event(null, Request());

    public static TheoryData<Func<DecisionRecorded, DecisionRecorded>> Notes =>
    [
        d => d with { EvaluationId = Guid.Empty },
        d => d with { BatchId = Guid.Empty, Item = 3 },
        d => d with { RequestId = "r" },
        d => d with { Dropped = StringSet.Of("subject.age") },
        d => d with { Sources = new RequestSources(StringSet.Of("a"), StringSet.Empty, StringSet.Empty) },
        d => d with { Request = d.Request with { Now = d.Request.Now.AddHours(1) } },
        d => d with { ReplayDigest = null },
    ];

    public static TheoryData<Func<DecisionRecorded, DecisionRecorded>> Questions =>
    [
        d => d with { Pep = d.Pep with { Id = "other" } },
        d => d with { Pep = d.Pep with { Obligations = StringSet.Of("log") } },
        d => d with { Request = d.Request with { Subject = d.Request.Subject with { Id = "eve" } } },
        d => d with { Request = d.Request with { Action = "write" } },
        d => d with { Request = d.Request with { Resource = d.Request.Resource with { Properties = RecordValue.Empty } } },
        d => d with { Request = d.Request with { Context = new RecordValue(KeyValuePair.Create("a", (Value)BoolValue.True)) } },
        d => d with { Request = d.Request with { Invalid = StringSet.Of("context.x") } },
        d => d with { Request = d.Request with { Problem = "p" } },
        d => d with { Request = d.Request with { Layer = 1 } },
        d => d with { PolicySetDigest = new string('a', 64) },
        d => d with { SchemaDigest = new string('a', 64) },
        d => d with { EntityPosition = 7 },
        d => d with { Raw = new RawResult(true, [], []) },
        d => d with { Effective = EffectiveResult.Deny(DecisionClass.Error, "other") },
    ];

    [Fact]
    public void It_is_64_hexadecimal_digits() => ReplayDigest.Of(decision).ShouldMatch("^[0-9a-f]{64}$");

    [Theory, MemberData(nameof(Notes))]
    public void Ids_time_and_notes_make_no_other_digest(Func<DecisionRecorded, DecisionRecorded> change) =>
        ReplayDigest.Of(change(decision)).ShouldBe(ReplayDigest.Of(decision));

    [Theory, MemberData(nameof(Questions))]
    public void Whatever_else_differs_does(Func<DecisionRecorded, DecisionRecorded> change) =>
        ReplayDigest.Of(change(decision)).ShouldNotBe(ReplayDigest.Of(decision));

    [Fact]
    public void It_is_the_same_once_the_decision_was_stored_and_read()
    {
        var stored = StoredSamples.Read("Policy", "decision_recorded");
        var read = (DecisionRecorded)StoredSamples.Catalog.Read("decision_recorded", System.Text.Encoding.UTF8.GetBytes(stored));

        ReplayDigest.Of(read).ShouldBe(ReplayDigest.Of(StoredEventSpecs.Recorded));
    }
}
