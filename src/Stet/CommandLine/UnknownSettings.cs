using Stet.Audit;
using Stet.Audit.Witnesses;
using Stet.Authentication;
using Stet.Enforcement;
using Stet.Pcs.Service;
using Stet.Policy.AuthZen;
using Stet.Policy.Lifecycle;
using Stet.RateLimits;

namespace Stet.CommandLine;

/// <summary>Settings in our sections, or in one that is named nearly so, that nothing reads: misspelt, most likely.</summary>
static class UnknownSettings
{
    const string Witnesses = $"{AuditOptions.Section}:{nameof(WitnessOptions.Witnesses)}:";

    const string Logging = "Logging";

    // Nothing is read from `Stet`, which is a likely guess.
    static readonly string[] sections =
    [
        AuthenticationOptions.Section, EnforcementOptions.Section, PcsOptions.Section, PolicyOptions.Section, AuditOptions.Section,
        AuthZenOptions.Section, RateLimitOptions.Section, "Observability", Logging, "Stet",
    ];

    /// <summary>A sentence for each, with the key that was meant, if one is near.</summary>
    public static IReadOnlyList<string> In(IConfiguration configuration)
    {
        HashSet<string> known = new(OptionValues.In(configuration).Keys, StringComparer.OrdinalIgnoreCase)
        {
            $"{AuditOptions.Section}:{nameof(AuditOptions.Kek)}",
            $"{Witnesses}0:{nameof(WitnessAddress.Name)}", $"{Witnesses}0:{nameof(WitnessAddress.Vkey)}", $"{Witnesses}0:{nameof(WitnessAddress.Url)}",
        };
        return
        [
            .. configuration.GetChildren().Where(section => IsOursOrNearlySo(section.Key)).SelectMany(section => section.AsEnumerable())
                .Where(setting => setting.Key.Contains(':') && !IsOfTheFramework(setting.Key) && !string.IsNullOrEmpty(setting.Value) && !known.Contains(OfFirstWitness(setting.Key)))
                .Select(setting => setting.Key).Order(StringComparer.OrdinalIgnoreCase)
                .Select(key => $"{key}: there is no such setting; {Advice(key, known)}"),
        ];
    }

    // Levels of categories, and sections of providers.
    static bool IsOfTheFramework(string key) =>
        key.StartsWith($"{Logging}:", StringComparison.OrdinalIgnoreCase) && key.LastIndexOf(':') > Logging.Length;

    static bool IsOursOrNearlySo(string name) => sections.Any(section => 3 * Distance(section, name) <= section.Length);

    static string Advice(string key, IEnumerable<string> known)
    {
        var (nearest, distance) = known.Select(name => (name, Distance: Distance(name, key))).MinBy(candidate => candidate.Distance);
        return 2 * distance <= nearest.Length ? $"did you mean {nearest}?" : "`stet describe` lists those that there are";
    }

    static string OfFirstWitness(string key) =>
        key.StartsWith(Witnesses, StringComparison.OrdinalIgnoreCase) && key.LastIndexOf(':') is var end && end > Witnesses.Length
            ? $"{Witnesses}0{key[end..]}"
            : key;

    /// <summary>How many letters have to be put in, taken out or replaced (Levenshtein), whatever their case.</summary>
    static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        foreach (var (i, letter) in a.Index())
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (char.ToUpperInvariant(letter) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
