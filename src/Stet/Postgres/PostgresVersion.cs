using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Stet.Postgres;

/// <summary>A PostgreSQL version: 15.14 is major 15, minor 14; a beta or release candidate has minor 0.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly partial record struct PostgresVersion(int Major, int Minor) : IComparable<PostgresVersion>
{
    /// <summary>The oldest major version that Stet runs on.</summary>
    public const int OldestMajor = 15;

    public bool IsSupported => Major >= OldestMajor;

    /// <summary>Reads what <c>postgres --version</c> prints; null when it is something else.</summary>
    public static PostgresVersion? Parse(string output) =>
        Printed().Match(output) is { Success: true } match
        && int.TryParse(match.Groups["major"].ValueSpan, out var major)
            ? new PostgresVersion(major, int.TryParse(match.Groups["minor"].ValueSpan, out var minor) ? minor : 0)
            : null;

    /// <summary>Reads the server's <c>server_version_num</c>: 150014 is 15.14.</summary>
    public static PostgresVersion OfNumber(int number) => new(number / 10_000, number % 10_000);

    public int CompareTo(PostgresVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    public override string ToString() => $"{Major}.{Minor}";

    public static bool operator <(PostgresVersion left, PostgresVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(PostgresVersion left, PostgresVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(PostgresVersion left, PostgresVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PostgresVersion left, PostgresVersion right) => left.CompareTo(right) >= 0;

    [GeneratedRegex(@"\(PostgreSQL\) (?<major>[0-9]{1,4})(\.(?<minor>[0-9]{1,4}))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Printed();
}
