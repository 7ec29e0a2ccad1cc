using Stet.Enforcement;
using static Stet.Tests.Enforcement.Ordinary;

namespace Stet.Tests.Enforcement;

public class EnforcingSystemSpecs
{
    static readonly EnforcingSystem system = EnforcingSystem.Create(Registered);

    [Fact]
    public void A_registration_after_the_first_heartbeat_keeps_what_was_reported()
    {
        var known = EnforcingSystem.Create(Received).Apply(Registered);

        known.ShouldBe(system.Apply(Received));
    }

    [Fact]
    public void A_change_replaces_the_settings_and_nothing_else() =>
        system.Apply(Received).Apply(Changed).ShouldBe(system.Apply(Received) with { Settings = Changed.Settings });

    [Fact]
    public void A_registration_after_retirement_starts_afresh() =>
        system.Apply(Received).Apply(Retired).Apply(Registered).ShouldBe(system);

    [Fact]
    public void The_first_heartbeat_is_no_regression() => system.Apply(Received).Heartbeat!.Regressed.ShouldBeFalse();

    [Fact]
    public void The_same_position_and_sequence_again_are_no_regression() =>
        system.Apply(Received).Apply(Received).Heartbeat!.Regressed.ShouldBeFalse();

    [Fact]
    public void A_lower_position_is_a_regression() =>
        system.Apply(Received).Apply(Received with { EnforcedPosition = 6, Sequence = 4 }).Heartbeat!.Regressed.ShouldBeTrue();

    [Fact]
    public void A_lower_sequence_is_a_regression() =>
        system.Apply(Received).Apply(Received with { EnforcedPosition = 8, Sequence = 2 }).Heartbeat!.Regressed.ShouldBeTrue();

    [Fact]
    public void A_regression_lasts_until_the_highest_is_reached_again()
    {
        var back = system.Apply(Received).Apply(Received with { EnforcedPosition = 3 });

        back.Apply(Received with { EnforcedPosition = 6 }).Heartbeat!.Regressed.ShouldBeTrue();
        back.Apply(Received with { EnforcedPosition = 7 }).Heartbeat!.Regressed.ShouldBeFalse();
    }

    [Fact]
    public void A_heartbeat_without_position_and_sequence_is_no_regression() =>
        system.Apply(Received).Apply(Received with { EnforcedPosition = null, Sequence = null }).Heartbeat!.Regressed.ShouldBeFalse();

    [Theory]
    [InlineData("name", true)]
    [InlineData("name.first", false)]
    [InlineData("allergies.penicillin", true)]
    [InlineData("allergies.food.nuts", true)]
    [InlineData("allergies", false)]
    [InlineData("allergiesx", false)]
    public void A_scope_holds_exact_keys_and_prefixes(string fieldKey, bool inScope) =>
        system.IsInScope(fieldKey).ShouldBe(inScope);

    [Fact]
    public void Without_a_scope_every_field_is_in_it()
    {
        EnforcingSystem.Create(Received).IsInScope("anything").ShouldBeTrue();
        EnforcingSystem.Create(Registered with { Settings = Settings with { Scope = StringSet.Empty } })
            .IsInScope("anything").ShouldBeTrue();
    }

    [Fact]
    public void The_position_decides_what_is_enforced_whatever_the_time_says()
    {
        var reporting = system.Apply(Received);

        reporting.Enforces(7, Wednesday).ShouldBeTrue();
        reporting.Enforces(8, Monday.AddDays(-1)).ShouldBeFalse();
    }

    [Fact]
    public void Without_a_position_the_time_decides()
    {
        var reporting = system.Apply(Received with { EnforcedPosition = null });

        reporting.Enforces(100, Monday).ShouldBeTrue();
        reporting.Enforces(100, Monday.AddMicroseconds(1)).ShouldBeFalse();
    }

    [Fact]
    public void Nobody_enforces_what_was_recorded_with_or_after_the_heartbeat()
    {
        var reporting = system.Apply(Received with { EnforcedPosition = null, EnforcedCorrectionVersion = Tuesday.AddSeconds(20) });

        reporting.Enforces(100, Tuesday.AddMicroseconds(-1)).ShouldBeTrue();
        reporting.Enforces(100, Tuesday).ShouldBeFalse();
    }

    [Fact]
    public void A_system_that_never_reported_enforces_nothing() => system.Enforces(0, Monday).ShouldBeFalse();
}
