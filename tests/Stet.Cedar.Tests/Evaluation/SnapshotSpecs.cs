namespace Stet.Cedar.Tests.Evaluation;

public class SnapshotSpecs
{
    static readonly Request Request = new(new("User", "a"), new("Action", "read"), new("App::Doc", "a"), RecordValue.Empty);

    [Theory]
    [InlineData("permit(principal == User::\"b\", action, resource);", Clause.Principal, "principal == User::\"b\"")]
    [InlineData("permit(principal, action == Action::\"write\", resource);", Clause.Action, "action == Action::\"write\"")]
    [InlineData("permit(principal, action, resource is User);", Clause.Resource, "resource is User")]
    [InlineData("permit(principal, action, resource) when { true } when { 1 == 1 && 1 == 2 && 1 == 3 };", Clause.Condition, "1 == 2")]
    [InlineData("permit(principal, action, resource) when { 1 > 2 || false };", Clause.Condition, "1 > 2 || false")]
    [InlineData("permit(principal, action, resource) unless { 1 == 1 };", Clause.Condition, "1 == 1")]
    [InlineData("permit(principal, action, resource) when { context.a };", Clause.Condition, "context.a")]
    public void An_explanation_names_the_first_clause_that_stands_in_the_way(string text, Clause clause, string place)
    {
        var explained = Snapshot(text).Explain(Request, RandomWorld.Entities).Policies.ShouldHaveSingleItem();

        (explained.FirstFailing, text.Substring(explained.Where.Start, explained.Where.Length)).ShouldBe((clause, place));
        explained.IsSatisfied.ShouldBeFalse();
    }

    [Theory]
    [InlineData("context has approval", "approval", true)]
    [InlineData("context has approval.by && true", "by", true)]
    [InlineData("[context.approval.by].contains(\"carol\")", "by", true)]
    [InlineData("{approval: 1} == context && resource like \"approval\"", "approval", false)]
    [InlineData("principal.hasTag(\"approval\")", "approval", false)]
    public void A_policy_is_known_by_the_attributes_that_it_reads(string condition, string name, bool reads)
    {
        var snapshot = Snapshot($"forbid(principal, action, resource) unless {{ {condition} }}; permit(principal, action, resource);");

        snapshot.ReadsAttribute(name).ShouldBe(reads);
        snapshot.ReadsAttribute("other").ShouldBeFalse();
    }

    [Fact]
    public void A_policy_under_two_of_the_request_actions_groups_counts_once()
    {
        var snapshot = Snapshot(
            """
            permit(principal, action in [Action::"read", Action::"any", Action::"read"], resource);
            permit(principal, action in [Action::"read", Action::"any"], resource) when { context.none };
            """);

        RandomWorld.Shown(snapshot.Authorize(Request, RandomWorld.Entities)).ShouldBe("True by [policy0], errors [policy1: AttributeAbsent]");
    }

    [Fact]
    public void Many_determining_policies_come_sorted()
    {
        var snapshot = Snapshot(string.Concat(Enumerable.Repeat("permit(principal, action, resource);", 120)));

        snapshot.Authorize(Request, RandomWorld.Entities).Determining.Select(id => id.Value)
            .ShouldBe(Enumerable.Range(0, 120).Select(number => $"policy{number}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_policy_is_found_by_its_id()
    {
        var snapshot = Snapshot(string.Concat(Enumerable.Range(0, 20).Select(number => $"@n(\"{number}\") permit(principal, action, resource);")));

        snapshot.TryGetPolicy(new PolicyId("policy13"), out var policy).ShouldBeTrue();
        policy!.FindAnnotation("n")!.Value.ShouldBe("13");
        snapshot.TryGetPolicy(new PolicyId("policy99"), out _).ShouldBeFalse();
    }

    [Fact]
    public void A_snapshot_is_used_by_many_threads_at_once() => Laws.Hold(500, random =>
    {
        var (text, seed) = (new RandomPolicies(random).Policies(20), random.Next());
        var (shared, own) = (Snapshot(text), Snapshot(text));
        var requests = Requests();
        using var start = new Barrier(2);
        var answers = new List<string>[2];

        // Two at the same requests are the first to ask for what snapshots and values make only when it is asked for. Threads
        // of their own: those of the pool may come one after the other.
        var threads = Enumerable.Range(0, 2).Select(n => new Thread(() =>
        {
            start.SignalAndWait();
            answers[n] = requests.ConvertAll(request => Shown(shared, request));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        var expected = Requests().ConvertAll(request => Shown(own, request));
        foreach (var answer in answers) answer.ShouldBe(expected);

        List<Request> Requests() => [.. RandomWorld.Requests(new Random(seed), 5)];
        static string Shown(PolicySnapshot snapshot, Request request) => RandomWorld.Shown(snapshot.Authorize(request, RandomWorld.Entities));
    });

    [Theory]
    [InlineData("context.a", true)]
    [InlineData("context has a", true)]
    [InlineData("context has a.b", true)]
    [InlineData("context[\"a\"]", true)]
    [InlineData("context == {a: 1}", true)]
    [InlineData("(if true then context else context).b", true)]
    [InlineData("context has b", false)]
    [InlineData("false && context.a", false)]
    [InlineData("principal has a", false)]
    public void It_is_told_whether_a_policy_looks_at_an_attribute_of_the_context(string condition, bool looks)
    {
        var snapshot = Snapshot($"permit(principal, action, resource) when {{ {condition} }};");

        snapshot.Authorize(Request with { Context = Cedar.Record("""{"a": true, "b": true}""") }, RandomWorld.Entities, ["a"], out var isRead);

        isRead.ShouldBe(looks);
    }

    static PolicySnapshot Snapshot(string text) => PolicySnapshot.CompileUnvalidated(Cedar.Policies(text));
}
