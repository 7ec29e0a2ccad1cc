using System.Buffers;

namespace Stet.Pcs;

/// <summary>The words that documents use for enumerated values, and what names and hashes look like.</summary>
public static class PcsNames
{
    static readonly SearchValues<char> nameCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    static readonly SearchValues<char> hexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether a document of 1.0 may name a tenant, a key or, up to 128 characters, a shard so.</summary>
    public static bool IsName(ReadOnlySpan<char> text, int longest = 64) =>
        text.Length >= 1 && text.Length <= longest && !text.ContainsAnyExcept(nameCharacters);

    /// <summary>Whether the text has the form of a <c>pcs_id</c> and of a Merkle root: 64 lower-case hexadecimal digits.</summary>
    public static bool IsHash(ReadOnlySpan<char> text) => text.Length == 64 && !text.ContainsAnyExcept(hexDigits);

    /// <summary><c>sticky</c>, <c>mixed</c> or <c>non_sticky</c>.</summary>
    public static string Name(this PcsRegime regime) => regime switch
    {
        PcsRegime.Sticky => "sticky",
        PcsRegime.NonSticky => "non_sticky",
        _ => "mixed",
    };

    /// <summary><c>warning</c> or <c>escalation</c>.</summary>
    public static string Name(this PcsSeverity severity) => severity == PcsSeverity.Escalation ? "escalation" : "warning";

    /// <summary><c>HS256</c> or <c>Ed25519</c>.</summary>
    public static string Name(this PcsAlgorithm algorithm) =>
        algorithm == PcsAlgorithm.HS256 ? "HS256" : "Ed25519";

    /// <summary><c>0.1</c> or <c>1.0</c>.</summary>
    public static string Name(this PcsVersion version) => version == PcsVersion.V01 ? "0.1" : "1.0";

    internal static PcsRegime? Regime(string name) => name switch
    {
        "sticky" => PcsRegime.Sticky,
        "mixed" => PcsRegime.Mixed,
        "non_sticky" => PcsRegime.NonSticky,
        _ => null,
    };

    internal static PcsAlgorithm? Algorithm(string name) => name switch
    {
        "HS256" => PcsAlgorithm.HS256,
        "Ed25519" => PcsAlgorithm.Ed25519,
        _ => null,
    };
}
