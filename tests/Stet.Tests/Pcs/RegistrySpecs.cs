using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Stet.Pcs;
using Stet.Pcs.Service;
using static Stet.Tests.Pcs.Ordinary;

namespace Stet.Tests.Pcs;

public class RegistrySpecs
{
    static readonly RegisterKey asked = new("k2", "0.1", "HS256", null, new string('e', 64), null, null);

    [Fact]
    public void A_key_is_registered_once()
    {
        var decision = RegisterKey.Decide(asked, null, Monday);

        var registered = decision.Events.ShouldHaveSingleItem().ShouldBeOfType<PcsKeyRegistered>();
        RegisterKey.Decide(asked, PcsRegistry.Create(registered), Monday.AddDays(1)).ShouldBe(Decision.Nothing);
    }

    [Fact]
    public void Other_times_change_when_a_key_is_valid_and_not_its_place()
    {
        var registry = PcsRegistry.Create(Registered).Apply(Registered with { Kid = "k2" });
        var command = new RegisterKey("k1", "0.1", "HS256", null, Registered.Fingerprint, null, Monday.AddDays(1));

        var changed = RegisterKey.Decide(command, registry, Monday).Events.Single().ShouldBeOfType<PcsKeyRegistered>();

        registry.Apply(changed).Keys.Select(k => (k.Kid, k.NotAfter))
            .ShouldBe([("k1", Monday.AddDays(1)), ("k2", Registered.NotAfter)]);
    }

    [Fact]
    public void A_name_stands_for_one_key_for_good()
    {
        var registry = PcsRegistry.Create(Registered);
        var other = new RegisterKey("k1", "0.1", "HS256", null, new string('0', 64), null, null);
        var same = other with { Fingerprint = Registered.Fingerprint };

        RegisterKey.Decide(other, registry, Monday).Refusal!.Code.ShouldBe("pcs_key_taken");
        RegisterKey.Decide(same with { Use = "1.0" }, registry, Monday).Refusal!.Code.ShouldBe("pcs_key_taken");
        RegisterKey.Decide(same, registry.Apply(new PcsKeyRevoked("k1", Monday)), Monday).Refusal!.Code.ShouldBe("pcs_key_taken");
    }

    [Fact]
    public void At_most_four_keys_of_0_1_are_valid_at_any_time_to_come()
    {
        var four = Enumerable.Range(0, 4).Aggregate(
            PcsRegistry.Empty, (registry, n) => registry.Apply(Registered with
            {
                Kid = $"old{n}",
                NotBefore = Monday.AddDays(n),
                NotAfter = Monday.AddDays(10 + n),
            }));

        RegisterKey.Decide(asked, four, Monday).Refusal.ShouldBe(PcsProblems.TooManyValidKeys);
        RegisterKey.Decide(asked with { NotAfter = Monday.AddDays(3) }, four, Monday).Refusal.ShouldBeNull();
        RegisterKey.Decide(asked with { NotBefore = Monday.AddDays(10) }, four, Monday).Refusal.ShouldBeNull();
        RegisterKey.Decide(asked with { NotAfter = Monday.AddDays(4) }, four, Monday).Refusal.ShouldBe(PcsProblems.TooManyValidKeys);
        RegisterKey.Decide(asked, four, Monday.AddDays(10)).Refusal.ShouldBeNull();
        RegisterKey.Decide(asked, four.Apply(new PcsKeyRevoked("old3", Monday)), Monday).Refusal.ShouldBeNull();
        RegisterKey.Decide(asked with { Use = "1.0" }, four, Monday).Refusal.ShouldBeNull();
    }

    [Fact]
    public void There_is_an_end_to_a_tenants_keys()
    {
        RegisterKey.Decide(asked with { Kid = "new", Use = "1.0" }, Full(), Monday).Refusal.ShouldBe(PcsProblems.TooManyKeys);
    }

    [Fact]
    public void Revoked_keys_make_room_for_others_and_keep_their_names()
    {
        var command = asked with { Kid = "new", Use = "1.0" };
        var rotated = Enumerable.Range(0, 200).Aggregate(
            Full(), (registry, n) => registry.Apply(new PcsKeyRevoked($"k{n}", Monday)));
        var full = rotated with { Keys = [.. Enumerable.Repeat(rotated.Keys[0], RegisterKey.MostNames)] };

        RegisterKey.Decide(command, rotated, Monday).Refusal.ShouldBeNull();
        RegisterKey.Decide(command with { Kid = "k0" }, rotated, Monday).Refusal!.Code.ShouldBe("pcs_key_taken");
        RegisterKey.Decide(command, full, Monday).Refusal.ShouldBe(PcsProblems.TooManyKeys);
    }

    [Fact]
    public void A_key_is_revoked_once_and_only_if_it_is_there()
    {
        var registry = PcsRegistry.Create(Registered);

        RevokeKey.Decide(new RevokeKey("k1"), registry, Monday).Events.ShouldBe([new PcsKeyRevoked("k1", Monday)]);
        RevokeKey.Decide(new RevokeKey("k1"), registry.Apply(new PcsKeyRevoked("k1", Monday)), Monday).ShouldBe(Decision.Nothing);
        RevokeKey.Decide(new RevokeKey("k9"), registry, Monday).Refusal!.Code.ShouldBe("pcs_key_not_found");
        RevokeKey.Decide(new RevokeKey("k9"), null, Monday).Refusal!.Code.ShouldBe("pcs_key_not_found");
    }

    [Fact]
    public void Parameters_are_counted_and_policy_and_parameters_change_only_when_they_differ()
    {
        var tight = new PcsParameters { BudgetTolerance = 0.001 };

        var first = SetParameters.Decide(new SetParameters(tight), null, Monday).Events.Single().ShouldBeOfType<PcsParametersSet>();
        var registry = PcsRegistry.Create(first);
        var second = SetParameters.Decide(new SetParameters(PcsParameters.Default), registry, Monday).Events.Single().ShouldBeOfType<PcsParametersSet>();

        (first.Version, second.Version).ShouldBe((1, 2));
        SetParameters.Decide(new SetParameters(tight), registry, Monday).ShouldBe(Decision.Nothing);
        SetParameters.Decide(new SetParameters(PcsParameters.Default), null, Monday).ShouldBe(Decision.Nothing);
        SetSignaturePolicy.Decide(new SetSignaturePolicy("required"), null, Monday).ShouldBe(Decision.Nothing);
        SetSignaturePolicy.Decide(new SetSignaturePolicy("none"), registry, Monday).Events.ShouldBe([new PcsSignaturePolicySet("none", Monday)]);
    }

    [Fact]
    public void Contradictions_are_counted_from_zero_so_that_the_first_one_shows()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var counted = new List<(string, object?, long)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Scope == meters) listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            counted.Add((instrument.Name, tags.IsEmpty ? null : tags[0].Value, value)));
        listener.Start();

        new PcsMetrics(meters).Begin();

        counted.ShouldContain(("flk_refused_total", "pcs_equivocation", 0));
        counted.ShouldAllBe(c => c.Item3 == 0);
    }

    [Fact]
    public void Refusals_are_thinned_out_and_the_next_tells_how_many()
    {
        var throttle = new RefusalThrottle();

        throttle.Admit("t", "a", "x", Monday).ShouldBe(0);
        throttle.Admit("t", "a", "x", Monday.AddSeconds(9)).ShouldBeNull();
        throttle.Admit("t", "b", "x", Monday.AddSeconds(9)).ShouldBe(1);
        throttle.Admit("t", "a", "y", Monday.AddSeconds(9)).ShouldBe(0);
        throttle.Admit("u", "a", "x", Monday.AddSeconds(9)).ShouldBe(0);
        throttle.Admit("t", "a", "x", Monday.AddSeconds(10)).ShouldBe(0);
    }

    [Fact]
    public void Refusals_that_a_clock_has_dated_ahead_hold_up_none_once_it_is_right()
    {
        var throttle = new RefusalThrottle();
        for (var n = 0; n < 60; n++) throttle.Admit("t", $"a{n}", "x", Monday.AddHours(1)).ShouldBe(0);

        throttle.Admit("t", "a0", "x", Monday).ShouldBe(0);
    }

    [Fact]
    public void Refusals_that_could_not_be_recorded_are_told_with_the_next()
    {
        var throttle = new RefusalThrottle();
        throttle.Admit("t", "a", "x", Monday).ShouldBe(0);
        throttle.Admit("t", "a", "x", Monday).ShouldBeNull();
        throttle.Admit("t", "a", "y", Monday).ShouldBe(1);

        throttle.NotRecorded("t", 2);

        throttle.Admit("t", "a", "z", Monday).ShouldBe(2);
    }

    [Fact]
    public void No_more_than_sixty_refusals_of_a_tenant_are_recorded_in_a_minute()
    {
        var throttle = new RefusalThrottle();

        Enumerable.Range(0, 100).Count(n => throttle.Admit("t", $"a{n}", "x", Monday) is not null).ShouldBe(60);
        throttle.Admit("t", "late", "x", Monday.AddSeconds(60)).ShouldBe(40);
    }

    static PcsRegistry Full() => Enumerable.Range(0, RegisterKey.MostKeys).Aggregate(
        PcsRegistry.Empty, (registry, n) => registry.Apply(Registered with { Kid = $"k{n}", Use = "1.0" }));
}
