using Stet.Policy.Decisions;
using static Stet.Tests.Policy.Decisions.Ordinary;

namespace Stet.Tests.Policy.Decisions;

public class RegisterPepSpecs
{
    static readonly RegisterPep asked = new("gate", true, StringSet.Of("notification"), StringSet.Of("obligations"));

    [Fact]
    public void A_registration_is_recorded_once()
    {
        var registered = RegisterPep.Decide(asked, null, "root", Monday).Events.ShouldHaveSingleItem().ShouldBeOfType<PepRegistered>();
        var registry = PepRegistry.Create(registered);

        registered.ShouldBe(new PepRegistered("gate", true, asked.Obligations, asked.Drafts, "root", Monday));
        RegisterPep.Decide(asked, registry, "root", Monday.AddDays(1)).ShouldBe(Decision.Nothing);
        RegisterPep.Decide(asked with { Explain = false }, registry, "root", Monday).Events.ShouldHaveSingleItem();
    }

    [Fact]
    public void Another_registration_takes_the_place_of_the_first()
    {
        var first = new PepRegistered("gate", true, StringSet.Empty, StringSet.Empty, "root", Monday);
        var registry = PepRegistry.Create(first).Apply(first with { PepId = "other" }).Apply(first with { Explain = false });

        registry.Peps.Select(p => (p.PepId, p.Explain)).ShouldBe([("gate", false), ("other", true)]);
        registry.Find("nobody").ShouldBeNull();
    }

    [Fact]
    public void There_is_an_end_to_a_tenants_enforcement_points()
    {
        var full = Enumerable.Range(0, RegisterPep.MostPeps).Aggregate(
            PepRegistry.Empty,
            (registry, n) => registry.Apply(new PepRegistered($"p{n}", false, StringSet.Empty, StringSet.Empty, "root", Monday)));

        RegisterPep.Decide(asked, full, "root", Monday).Refusal!.Code.ShouldBe("too_many_peps");
        RegisterPep.Decide(asked with { PepId = "p1" }, full, "root", Monday).Refusal.ShouldBeNull();
    }

    [Fact]
    public void What_is_supported_counts_while_the_draft_is_on()
    {
        var pep = RegisteredPep.Create(new PepRegistered("gate", false, StringSet.Of("custom"), asked.Drafts, "root", Monday));

        pep.Support([]).Obligations.ShouldBe(StringSet.Of("custom"));
        pep.Support(["notification"]).Obligations.ShouldBe(StringSet.Of("custom", "notification"));
        (pep with { Drafts = StringSet.Empty }).Support(["notification"]).Obligations.ShouldBe(StringSet.Empty);
        RegisteredPep.Unknown("x").Support(["notification"]).ShouldBe(new PepSupport("x", StringSet.Empty));
    }
}
