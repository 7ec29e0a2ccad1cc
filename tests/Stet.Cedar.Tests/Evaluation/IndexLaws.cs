using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar.Tests.Evaluation;

public class IndexLaws
{
    [Fact]
    public void The_index_leaves_out_only_policies_whose_scope_is_false() => Laws.Hold(500, random =>
    {
        var snapshot = PolicySnapshot.CompileUnvalidated(Cedar.Policies(new RandomPolicies(random).Policies(40)));

        foreach (var request in RandomWorld.Requests(random, 20))
        {
            foreach (var entities in (IEntities[])[RandomWorld.Entities, new AmongTheirOwnAncestors()])
            {
                var indexed = snapshot.Authorize(request, entities);
                var scanned = snapshot.AuthorizeWithoutIndex(request, entities);

                RandomWorld.Shown(indexed).ShouldBe(RandomWorld.Shown(scanned));
                indexed.Errors.ShouldBe(scanned.Errors);
            }
        }
    });

    [Fact]
    public void What_came_of_the_first_test_of_one_policy_holds_for_all_that_begin_with_it() => Laws.Hold(500, random =>
    {
        string[] tests = ["context has a", "context.a", "principal.name == \"a\"", "resource in Group::\"a\"", "!(context has b)", "true", "7"];
        var snapshot = PolicySnapshot.CompileUnvalidated(Cedar.Policies(new RandomPolicies(random).PoliciesThatBeginWith(tests, 40)));

        foreach (var request in RandomWorld.Requests(random, 20))
        {
            var indexed = snapshot.Authorize(request, RandomWorld.Entities);
            var scanned = snapshot.AuthorizeWithoutIndex(request, RandomWorld.Entities);

            RandomWorld.Shown(indexed).ShouldBe(RandomWorld.Shown(scanned));
            indexed.Errors.ShouldBe(scanned.Errors);
        }
    });

    [Fact]
    public void An_explanation_says_of_every_policy_what_the_decision_made_of_it() => Laws.Hold(200, random =>
    {
        var snapshot = PolicySnapshot.CompileUnvalidated(Cedar.Policies(new RandomPolicies(random).Policies(20)));

        foreach (var request in RandomWorld.Requests(random, 5))
        {
            var answer = snapshot.Authorize(request, RandomWorld.Entities);
            var explained = snapshot.Explain(request, RandomWorld.Entities);
            var effect = explained.Policies.Any(policy => policy.IsSatisfied && policy.Effect == Effect.Forbid) ? Effect.Forbid : Effect.Permit;

            explained.Policies.Where(policy => policy.IsSatisfied && policy.Effect == effect).Select(policy => policy.Policy).ShouldBe(answer.Determining);
            explained.Policies.Where(policy => policy.Error is not null).Select(policy => new PolicyError(policy.Policy, policy.Error!)).ShouldBe(answer.Errors);
        }
    });

    [Fact]
    public void What_was_not_looked_at_may_have_any_value() => Laws.Hold(500, random =>
    {
        var snapshot = PolicySnapshot.CompileUnvalidated(Cedar.Policies(new RandomPolicies(random).Policies(8)));

        foreach (var request in RandomWorld.Requests(random, 20))
        {
            var answer = snapshot.Authorize(request, RandomWorld.Entities, ["a", "none"], out var isRead);

            RandomWorld.Shown(answer).ShouldBe(RandomWorld.Shown(snapshot.Authorize(request, RandomWorld.Entities)));
            if (isRead) continue;

            var without = Cedar.Record(request.Context.Has("b") ? """{"b": "text"}""" : "{}");
            var other = Cedar.Record(request.Context.Has("b") ? """{"a": 7, "b": "text"}""" : """{"a": 7}""");
            RandomWorld.Shown(snapshot.Authorize(request with { Context = without }, RandomWorld.Entities)).ShouldBe(RandomWorld.Shown(answer));
            RandomWorld.Shown(snapshot.Authorize(request with { Context = other }, RandomWorld.Entities)).ShouldBe(RandomWorld.Shown(answer));
        }
    });

    sealed class AmongTheirOwnAncestors : IEntities
    {
        public bool TryGet(EntityUid uid, [NotNullWhen(true)] out Entity? entity)
        {
            entity = RandomWorld.Entities.TryGet(uid, out var known)
                ? new Entity(uid, known.Attributes, [.. known.Ancestors, uid], known.Tags)
                : null;
            return entity is not null;
        }
    }
}
