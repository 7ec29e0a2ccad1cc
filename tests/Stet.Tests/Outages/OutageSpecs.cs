using Stet.Outages;

namespace Stet.Tests.Outages;

public class OutageSpecs
{
    static readonly DateTimeOffset noon = new(2026, 3, 3, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Without_outages_all_of_the_time_counts() => Outside([]).ShouldBe(TimeSpan.FromMinutes(60));

    [Fact]
    public void An_outage_within_the_time_is_left_out() => Outside([(10, 25)]).ShouldBe(TimeSpan.FromMinutes(45));

    [Fact]
    public void Of_an_outage_at_either_end_only_the_overlap_is_left_out() =>
        Outside([(50, 90), (-30, 10)]).ShouldBe(TimeSpan.FromMinutes(40));

    [Fact]
    public void Outages_before_and_after_the_time_do_not_matter() =>
        Outside([(-30, 0), (60, 90)]).ShouldBe(TimeSpan.FromMinutes(60));

    [Fact]
    public void An_outage_around_the_time_leaves_nothing() => Outside([(-1, 61)]).ShouldBe(TimeSpan.Zero);

    [Fact]
    public void Overlapping_outages_are_left_out_once() =>
        Outside([(10, 30), (20, 40), (25, 35)]).ShouldBe(TimeSpan.FromMinutes(30));

    [Fact]
    public void A_time_that_ends_before_it_starts_is_none() =>
        Outage.TimeOutside([], noon, noon.AddMinutes(-1)).ShouldBe(TimeSpan.Zero);

    static TimeSpan Outside((int From, int To)[] minutes) => Outage.TimeOutside(
        minutes.Select(m => new Outage(noon.AddMinutes(m.From), noon.AddMinutes(m.To))), noon, noon.AddMinutes(60));
}
