using System.Text;
using OpenTelemetry.Metrics;

namespace Stet.Observability;

/// <summary>A metric as Prometheus knows it.</summary>
/// <param name="Name">Without the <c>_total</c> of a counter's sample; ends in the unit when there is one.</param>
/// <param name="Type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
/// <param name="Unit">The unit's word, such as <c>seconds</c>; empty for a bare number.</param>
/// <param name="Help">One sentence; empty when the instrument has none.</param>
public sealed record PrometheusFamily(string Name, string Type, string Unit, string Help)
{
    /// <summary>
    /// Names a metric by the OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility": invalid
    /// characters become one <c>_</c>, the unit is spelled out and appended once, annotations in braces are dropped.
    /// </summary>
    /// <returns>Null for exponential histograms, which the text formats cannot carry.</returns>
    public static PrometheusFamily? Of(Metric metric)
    {
        var type = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => "counter",
            MetricType.Histogram => "histogram",
            MetricType.ExponentialHistogram => null,
            _ => "gauge",
        };

        return type is null ? null : Of(metric.Name, type, metric.Unit, metric.Description);
    }

    public static PrometheusFamily Of(string name, string type, string unit, string help)
    {
        var family = Sanitize(name);
        var word = UnitWord(unit);

        if (type == "counter" && family.EndsWith("_total", StringComparison.Ordinal))
            family = family[..^"_total".Length];
        if (word.Length > 0 && family != word && !family.EndsWith($"_{word}", StringComparison.Ordinal))
            family = $"{family}_{word}";

        return new PrometheusFamily(family, type, word, help);
    }

    static string UnitWord(string ucum)
    {
        var unit = WithoutAnnotations(ucum);
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return Sanitize(Plural(unit)).Trim('_');

        return Sanitize($"{Plural(unit[..slash])}_per_{Singular(unit[(slash + 1)..])}").Trim('_');
    }

    static string WithoutAnnotations(string unit)
    {
        while (unit.IndexOf('{', StringComparison.Ordinal) is var open and >= 0
               && unit.IndexOf('}', open) is var close and >= 0)
            unit = unit.Remove(open, close - open + 1);

        return unit;
    }

    static string Plural(string ucum) => ucum switch
    {
        "" or "1" => "",
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tebibytes",
        "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        _ => ucum,
    };

    static string Singular(string ucum) => ucum switch
    {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        _ => ucum,
    };

    static string Sanitize(string name)
    {
        var clean = new StringBuilder(name.Length + 1);
        if (name.Length > 0 && char.IsAsciiDigit(name[0])) clean.Append('_');

        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c) || c == ':') clean.Append(c);
            else if (clean.Length == 0 || clean[^1] != '_') clean.Append('_');
        }

        return clean.ToString();
    }
}
