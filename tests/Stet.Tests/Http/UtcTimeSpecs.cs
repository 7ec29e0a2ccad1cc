namespace Stet.Tests.Http;

public class UtcTimeSpecs
{
    [Theory]
    [InlineData("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000000Z")]
    [InlineData("2026-03-01t12:00:00z", "2026-03-01T12:00:00.000000Z")]
    [InlineData("2026-03-01T12:00:00+05:30", "2026-03-01T06:30:00.000000Z")]
    [InlineData("2026-03-01T12:00:00-00:00", "2026-03-01T12:00:00.000000Z")]
    [InlineData("2026-03-01T12:00:00-23:59", "2026-03-02T11:59:00.000000Z")]
    [InlineData("2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.500000Z")]
    [InlineData("2026-03-01T12:00:00.1234567Z", "2026-03-01T12:00:00.123456Z")]
    [InlineData("2026-03-01T12:00:00.999999999999Z", "2026-03-01T12:00:00.999999Z")]
    [InlineData("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z")]
    public void A_time_is_read_with_any_offset_and_cut_to_microseconds(string text, string utc)
    {
        UtcTimeConverter.TryParse(text, out var time).ShouldBeTrue();

        UtcTimeConverter.Format(time).ShouldBe(utc);
    }

    [Theory]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z")]
    [InlineData("2016-12-31T15:59:60.25-08:00", "2017-01-01T00:00:00.250000Z")]
    public void A_leap_second_is_read_as_the_second_after_it(string text, string utc)
    {
        UtcTimeConverter.TryParse(text, out var time).ShouldBeTrue();

        UtcTimeConverter.Format(time).ShouldBe(utc);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-03-01")]
    [InlineData("2026-03-01T12:00:00")]
    [InlineData("2026-03-01T12:00Z")]
    [InlineData("2026-03-01 12:00:00Z")]
    [InlineData("20260301T120000Z")]
    [InlineData("03/01/2026T12:00:00Z")]
    [InlineData("2026-3-001T12:00:00Z")]
    [InlineData("2026-02-29T12:00:00Z")]
    [InlineData("2026-13-01T12:00:00Z")]
    [InlineData("2026-03-01T24:00:00Z")]
    [InlineData("2026-03-01T12:60:00Z")]
    [InlineData("2026-03-01T12:00:61Z")]
    [InlineData("2026-03-01T12:00:60Z")]
    [InlineData("2026-03-01T23:59:60Z")]
    [InlineData("2026-03-01T12:00:00.Z")]
    [InlineData("2026-03-01T12:00:00,5Z")]
    [InlineData("2026-03-01T12:00:00+0530")]
    [InlineData("2026-03-01T12:00:00+05")]
    [InlineData("2026-03-01T12:00:00+24:00")]
    [InlineData("2026-03-01T12:00:00+05:60")]
    [InlineData("2026-03-01T12:00:00 Z")]
    [InlineData(" 2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T12:00:00ZZ")]
    [InlineData("2026-03-01T12:00:00Z GMT")]
    [InlineData("2026-03-01T12:00:00PMZ")]
    [InlineData("２026-03-01T12:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    public void What_is_no_rfc_3339_time_is_refused(string text) =>
        UtcTimeConverter.TryParse(text, out _).ShouldBeFalse();
}
