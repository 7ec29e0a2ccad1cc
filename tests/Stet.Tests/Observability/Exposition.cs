using System.Globalization;
using System.Text.RegularExpressions;

namespace Stet.Tests.Observability;

sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public string Series => string.Join(',', Labels.OrderBy(l => l.Key).Select(l => $"{l.Key}={l.Value}").Prepend(Name));
}

sealed record Family(string Name, string Type)
{
    public string? Help { get; set; }

    public string? Unit { get; set; }

    public List<Sample> Samples { get; } = [];

    public Sample Only(params (string Key, string Value)[] labels) =>
        Samples.Single(s => labels.All(l => s.Labels.TryGetValue(l.Key, out var value) && value == l.Value));
}

/// <summary>Reads an exposition as strictly as its format is written down; throws at the first fault.</summary>
sealed partial class Exposition
{
    static readonly string[] NoSuffix = [""];
    static readonly string[] HistogramSuffixes = ["_bucket", "_sum", "_count"];

    readonly bool openMetrics;
    readonly HashSet<string> series = [];
    Family? current;

    Exposition(bool openMetrics) => this.openMetrics = openMetrics;

    Dictionary<string, Family> Families { get; } = [];

    public static Dictionary<string, Family> Parse(string text, bool openMetrics = false)
    {
        if (!text.EndsWith('\n')) throw new FormatException("the last line has no end");
        var lines = text[..^1].Split('\n');

        if (openMetrics)
        {
            if (lines[^1] != "# EOF") throw new FormatException("no # EOF");
            lines = lines[..^1];
        }

        var exposition = new Exposition(openMetrics);
        foreach (var line in lines) exposition.Read(line);
        foreach (var family in exposition.Families.Values.Where(f => f.Type == "histogram")) CheckHistogram(family);

        return exposition.Families;
    }

    [GeneratedRegex(
        """^# (?<keyword>TYPE|UNIT|HELP) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>.+)$""",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    static partial Regex Metadata { get; }

    [GeneratedRegex(
        """^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?<key>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>([^"\\\n]|\\["\\n])*)",?)*\})? (?<number>\S+)$""",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    static partial Regex SampleLine { get; }

    [GeneratedRegex("""\\(?<escaped>.)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    static partial Regex Escape { get; }

    void Read(string line)
    {
        if (line.StartsWith('#')) ReadMetadata(line);
        else ReadSample(line);
    }

    void ReadMetadata(string line)
    {
        var match = Metadata.Match(line);
        if (!match.Success) throw new FormatException(line);
        var keyword = match.Groups["keyword"].Value;
        var name = match.Groups["name"].Value;
        var text = match.Groups["text"].Value;

        if (keyword == "TYPE")
        {
            if (text is not ("counter" or "gauge" or "histogram" or "info")) throw new FormatException(line);
            current = new Family(name, text);
            if (!Families.TryAdd(name, current)) throw new FormatException($"twice: {line}");
            return;
        }

        if (current?.Name != name || current.Samples.Count > 0) throw new FormatException($"out of place: {line}");

        if (keyword == "HELP" && current.Help is null) current.Help = text;
        else if (keyword == "UNIT" && IsUnitOf(name, text) && current.Unit is null) current.Unit = text;
        else throw new FormatException(line);
    }

    bool IsUnitOf(string name, string unit) => openMetrics && name.EndsWith($"_{unit}", StringComparison.Ordinal);

    void ReadSample(string line)
    {
        var match = SampleLine.Match(line);
        if (!match.Success || line.Contains(",}")) throw new FormatException(line);

        var keys = match.Groups["key"].Captures.Select(c => c.Value);
        var values = match.Groups["value"].Captures.Select(c => Unescape(c.Value));
        var sample = new Sample(
            match.Groups["name"].Value,
            keys.Zip(values).ToDictionary(l => l.First, l => l.Second),
            Number(match.Groups["number"].Value));

        if (current is null || !Suffixes(current.Type).Any(s => sample.Name == current.Name + s))
            throw new FormatException($"not of family {current?.Name}: {line}");
        if (!series.Add(sample.Series)) throw new FormatException($"twice: {line}");

        current.Samples.Add(sample);
    }

    string[] Suffixes(string type) => type switch
    {
        "histogram" => HistogramSuffixes,
        "counter" when openMetrics => ["_total"],
        "info" => ["_info"],
        _ => NoSuffix,
    };

    static string Unescape(string value) =>
        Escape.Replace(value, m => m.Groups["escaped"].Value is "n" ? "\n" : m.Groups["escaped"].Value);

    static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    static void CheckHistogram(Family family)
    {
        foreach (var point in family.Samples.GroupBy(s =>
                     new Sample("", s.Labels.Where(l => l.Key != "le").ToDictionary(), 0).Series))
        {
            var buckets = point.Where(s => s.Name == $"{family.Name}_bucket").ToList();
            var bounds = buckets.Select(b => Number(b.Labels["le"])).ToList();
            var count = point.Single(s => s.Name == $"{family.Name}_count").Value;

            bounds.ShouldBeInOrder(SortDirection.Ascending, $"bounds of {family.Name}");
            buckets.Select(b => b.Value).ShouldBeInOrder(SortDirection.Ascending, $"buckets of {family.Name}");
            bounds[^1].ShouldBe(double.PositiveInfinity);
            buckets[^1].Value.ShouldBe(count, $"the last bucket of {family.Name}");
            point.Count(s => s.Name == $"{family.Name}_sum").ShouldBe(1);
        }
    }
}
