namespace Stet.Pcs;

/// <summary>Numbers of nine decimals as integers of 10⁻⁹, so that limits are exact and inclusive.</summary>
static class Nano
{
    // Far beyond every limit, and two of them still apart by less than an integer holds.
    const double Greatest = 4e9;

    /// <param name="value">A finite number; beyond ±4·10⁹ it counts as that.</param>
    public static long Of(double value) => (long)Math.Round(Math.Clamp(value, -Greatest, Greatest) * 1e9);
}
