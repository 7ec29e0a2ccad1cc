using Stet.Audit.Witnesses;
using Stet.Testing;

namespace Stet.Tests.Audit.Witnesses;

public sealed class BackOffSpecs
{
    readonly ManualClock clock = new();

    [Fact]
    public void A_witness_that_has_not_failed_is_asked() =>
        new BackOff(clock, () => 0).Remaining.ShouldBe(TimeSpan.Zero);

    [Fact]
    public void Each_failure_doubles_the_pause_from_1_s_to_60_s()
    {
        var backOff = new BackOff(clock, () => 0);

        var pauses = Enumerable.Range(0, 9).Select(_ => Fail(backOff)).ToList();

        pauses.Select(p => p.TotalSeconds).ShouldBe([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    [Fact]
    public void Chance_takes_up_to_a_half_of_a_pause() => Fail(new BackOff(clock, () => 1)).ShouldBe(TimeSpan.FromSeconds(0.5));

    [Fact]
    public void Requests_that_fail_during_a_pause_do_not_make_it_longer()
    {
        var backOff = new BackOff(clock, () => 0);

        backOff.Failed();
        backOff.Failed();

        backOff.Remaining.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_success_starts_over()
    {
        var backOff = new BackOff(clock, () => 0);
        Fail(backOff);
        Fail(backOff);

        backOff.Succeeded();

        backOff.Remaining.ShouldBe(TimeSpan.Zero);
        Fail(backOff).ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_pause_is_no_longer_because_the_clock_was_ahead()
    {
        var backOff = new BackOff(clock, () => 0);
        clock.Advance(TimeSpan.FromHours(1));
        backOff.Failed();

        clock.Advance(TimeSpan.FromHours(-1));

        backOff.Remaining.ShouldBe(TimeSpan.Zero);
        Fail(backOff).ShouldBe(TimeSpan.FromSeconds(2));
    }

    TimeSpan Fail(BackOff backOff)
    {
        backOff.Failed();
        var pause = backOff.Remaining;
        clock.Advance(pause);
        return pause;
    }
}
