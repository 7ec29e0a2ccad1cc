using System.Globalization;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Stet.Observability;

/// <summary>
/// Writes one scrape in the Prometheus text format 0.0.4 or in OpenMetrics 1.0. Scope names are left out throughout:
/// families carry distinct names already.
/// </summary>
public sealed class PrometheusWriter(ScrapeBuffer buffer, bool openMetrics)
{
    readonly HashSet<string> written = new(StringComparer.Ordinal);
    readonly List<KeyValuePair<string, object?>> labels = [];

    /// <summary>What is scraped: the resource's attributes as labels of a constant 1.</summary>
    public void WriteTarget(Resource resource)
    {
        buffer.Write(openMetrics
            ? "# TYPE target info\n# HELP target The service that is scraped.\n"u8
            : "# TYPE target_info gauge\n# HELP target_info The service that is scraped.\n"u8);
        labels.Clear();
        foreach (var (key, value) in resource.Attributes) labels.Add(new(key, value));
        buffer.Write("target_info"u8);
        WriteLabels();
        buffer.Write(" 1\n"u8);
    }

    /// <summary>Writes a family. Of two with one name, which no reader could tell apart, the first counts.</summary>
    public void Write(Metric metric, PrometheusFamily family)
    {
        if (!written.Add(family.Name)) return;

        var suffix = family.Type == "counter" ? "_total" : "";
        WriteMetadata(family, openMetrics ? "" : suffix);

        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            labels.Clear();
            foreach (var label in point.Tags) labels.Add(label);

            if (family.Type == "histogram") WriteHistogram(family, in point);
            else WriteNumber(family, suffix, metric.MetricType, in point);
        }
    }

    public void WriteEnd()
    {
        if (openMetrics) buffer.Write("# EOF\n"u8);
    }

    void WriteMetadata(PrometheusFamily family, string suffix)
    {
        WriteLine("# TYPE ", family.Name, suffix, family.Type);
        if (openMetrics && family.Unit.Length > 0) WriteLine("# UNIT ", family.Name, suffix, family.Unit);
        if (family.Help.Length == 0) return;

        buffer.Write("# HELP "u8);
        buffer.Write(family.Name);
        buffer.Write(suffix);
        buffer.Write(" "u8);
        // The text format takes a quotation mark in a help text as it is.
        WriteEscaped(family.Help, openMetrics ? "\\\n\"" : "\\\n");
        buffer.Write("\n"u8);
    }

    void WriteLine(string keyword, string name, string suffix, string value)
    {
        buffer.Write(keyword);
        buffer.Write(name);
        buffer.Write(suffix);
        buffer.Write(" "u8);
        buffer.Write(value);
        buffer.Write("\n"u8);
    }

    void WriteNumber(PrometheusFamily family, string suffix, MetricType type, in MetricPoint point)
    {
        buffer.Write(family.Name);
        buffer.Write(suffix);
        WriteLabels();
        buffer.Write(" "u8);

        if (type.IsLong()) buffer.Write(type.IsSum() ? point.GetSumLong() : point.GetGaugeLastValueLong());
        else buffer.Write(type.IsSum() ? point.GetSumDouble() : point.GetGaugeLastValueDouble());

        buffer.Write("\n"u8);
    }

    void WriteHistogram(PrometheusFamily family, in MetricPoint point)
    {
        var total = 0L;
        var (start, length) = (0, 0);

        foreach (var bucket in point.GetHistogramBuckets())
        {
            total += bucket.BucketCount;

            buffer.Write(family.Name);
            buffer.Write("_bucket{"u8);
            if (start == 0)
            {
                start = buffer.Length;
                WriteLabelPairs(reserved: "le");
                length = buffer.Length - start;
            }
            else
            {
                buffer.Repeat(start, length);
            }

            buffer.Write(length > 0 ? ",le=\""u8 : "le=\""u8);
            WriteBound(bucket.ExplicitBound);
            buffer.Write("\"} "u8);
            buffer.Write(total);
            buffer.Write("\n"u8);
        }

        buffer.Write(family.Name);
        buffer.Write("_sum"u8);
        RepeatLabels(start, length);
        buffer.Write(point.GetHistogramSum());
        buffer.Write("\n"u8);

        buffer.Write(family.Name);
        buffer.Write("_count"u8);
        RepeatLabels(start, length);
        buffer.Write(point.GetHistogramCount());
        buffer.Write("\n"u8);
    }

    void RepeatLabels(int start, int length)
    {
        if (length > 0)
        {
            buffer.Write("{"u8);
            buffer.Repeat(start, length);
            buffer.Write("}"u8);
        }

        buffer.Write(" "u8);
    }

    // OpenMetrics wants a bound to look like a float, and the same in every scrape: 1.0.
    void WriteBound(double bound)
    {
        buffer.Write(bound);
        if (openMetrics && double.IsInteger(bound) && Math.Abs(bound) < 1e15) buffer.Write(".0"u8);
    }

    void WriteLabels()
    {
        if (labels.Count == 0) return;

        buffer.Write("{"u8);
        WriteLabelPairs(reserved: null);
        buffer.Write("}"u8);
    }

    void WriteLabelPairs(string? reserved)
    {
        var first = true;

        for (var i = 0; i < labels.Count; i++)
        {
            var key = labels[i].Key;
            if (AlreadyWritten(i)) continue;

            if (!first) buffer.Write(","u8);
            first = false;

            if (key == reserved) buffer.Write("exported_"u8);
            WriteLabelName(key);
            buffer.Write("=\""u8);
            WriteLabelValue(labels[i].Value);
            // Keys that only differ in characters Prometheus does not know share a label, by the same specification.
            for (var j = i + 1; j < labels.Count; j++)
            {
                if (!SameLabel(key, labels[j].Key)) continue;
                buffer.Write(";"u8);
                WriteLabelValue(labels[j].Value);
            }

            buffer.Write("\""u8);
        }
    }

    bool AlreadyWritten(int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (SameLabel(labels[i].Key, labels[index].Key)) return true;
        }

        return false;
    }

    static bool SameLabel(string one, string other)
    {
        if (one.Length != other.Length) return false;

        for (var i = 0; i < one.Length; i++)
        {
            if (one[i] != other[i] && (IsLabelCharacter(one[i]) || IsLabelCharacter(other[i]))) return false;
        }

        return true;
    }

    static bool IsLabelCharacter(char c) => char.IsAsciiLetterOrDigit(c);

    void WriteLabelName(string key)
    {
        if (key.Length == 0 || char.IsAsciiDigit(key[0])) buffer.Write("key_"u8);

        Span<char> one = stackalloc char[1];
        foreach (var c in key)
        {
            one[0] = IsLabelCharacter(c) ? c : '_';
            buffer.Write(one);
        }
    }

    void WriteLabelValue(object? value)
    {
        switch (value)
        {
            case null: break;
            case string text: WriteEscaped(text, "\\\n\""); break;
            case int number: buffer.Write(number); break;
            case bool truth: buffer.Write(truth ? "true"u8 : "false"u8); break;
            case IFormattable other: WriteEscaped(other.ToString(null, CultureInfo.InvariantCulture), "\\\n\""); break;
            default: WriteEscaped(value.ToString() ?? "", "\\\n\""); break;
        }
    }

    void WriteEscaped(ReadOnlySpan<char> text, ReadOnlySpan<char> special)
    {
        while (text.IndexOfAny(special) is var at and >= 0)
        {
            buffer.Write(text[..at]);
            buffer.Write(text[at] switch { '\n' => "\\n"u8, '"' => "\\\""u8, _ => "\\\\"u8 });
            text = text[(at + 1)..];
        }

        buffer.Write(text);
    }
}
