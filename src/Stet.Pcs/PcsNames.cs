namespace Stet.Pcs;

/// <summary>The words that documents use for enumerated values.</summary>
public static class PcsNames
{
    /// <summary><c>sticky</c>, <c>mixed</c> or <c>non_sticky</c>.</summary>
    public static string Name(this PcsRegime regime) => regime switch
    {
        PcsRegime.Sticky => "sticky",
        PcsRegime.NonSticky => "non_sticky",
        _ => "mixed",
    };

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
