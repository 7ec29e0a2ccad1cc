using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Stet.Cedar;

/// <summary>
/// An IP address with a prefix length. Equal by family, address and prefix: two names of one network differ when their
/// addresses do.
/// </summary>
public sealed class IpAddressValue : Value
{
    IpAddressValue(bool isIpv6, UInt128 address, int prefix) => (IsIpv6, Address, Prefix) = (isIpv6, address, prefix);

    /// <summary>Whether it is of IPv6; else it is of IPv4.</summary>
    public bool IsIpv6 { get; }

    /// <summary>The address as a number, of 32 or 128 bits.</summary>
    public UInt128 Address { get; }

    /// <summary>Length of the prefix: up to 32 or 128, which means a single address.</summary>
    public int Prefix { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.IpAddress;

    int Width => IsIpv6 ? 128 : 32;

    /// <summary>
    /// Reads a dotted quad without leading zeros, or IPv6 groups of 1 to 4 hex digits with at most one <c>::</c>, which
    /// stands for at least one group; then an optional <c>/prefix</c> without leading zero. No zone, no embedded IPv4.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out IpAddressValue? value)
    {
        value = null;
        var slash = text.IndexOf('/');
        var address = slash < 0 ? text : text[..slash];
        var isIpv6 = address.Contains(':');
        var width = isIpv6 ? 128 : 32;
        var prefix = width;

        if (slash >= 0 && !TryReadNumber(text[(slash + 1)..], width, out prefix)) return false;
        if (!(isIpv6 ? TryReadIpv6(address, out var number) : TryReadIpv4(address, out number))) return false;

        value = new IpAddressValue(isIpv6, number, prefix);
        return true;
    }

    /// <summary>Whether all addresses of the prefix are in 127.0.0.0/8, or it is ::1.</summary>
    public bool IsLoopback =>
        IsIpv6 ? Address == UInt128.One && Prefix == 128 : Address >> 24 == 127 && Prefix >= 8;

    /// <summary>Whether all addresses of the prefix are in 224.0.0.0/4 or ff00::/8.</summary>
    public bool IsMulticast =>
        IsIpv6 ? Address >> 120 == 0xFF && Prefix >= 8 : Address >> 28 == 0xE && Prefix >= 4;

    /// <summary>Whether all addresses of the prefix are in another's, which has to be of the same family.</summary>
    public bool IsInRange(IpAddressValue range)
    {
        if (IsIpv6 != range.IsIpv6 || Prefix < range.Prefix) return false;

        // A shift by all 128 bits would be one by none.
        var shift = Width - range.Prefix;
        return shift == 128 || Address >> shift == range.Address >> shift;
    }

    /// <inheritdoc/>
    public override bool Equals(Value? other) =>
        other is IpAddressValue ip && ip.IsIpv6 == IsIpv6 && ip.Address == Address && ip.Prefix == Prefix;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsIpv6, Address, Prefix);

    internal string ToArgument()
    {
        var address = IsIpv6
            ? string.Join(':', Groups(16, 8).Select(group => group.ToString("x", CultureInfo.InvariantCulture)))
            : string.Join('.', Groups(8, 4));

        return Prefix == Width ? address : $"{address}/{Prefix}";
    }

    IEnumerable<int> Groups(int bits, int count)
    {
        for (var i = count - 1; i >= 0; i--) yield return (int)((Address >> (i * bits)) & ((UInt128.One << bits) - 1));
    }

    static bool TryReadIpv4(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = 0;

        for (var i = 0; i < 4; i++)
        {
            var dot = i < 3 ? text.IndexOf('.') : text.Length;
            if (dot < 0 || !TryReadNumber(text[..dot], 255, out var part)) return false;

            address = (address << 8) | (uint)part;
            text = i < 3 ? text[(dot + 1)..] : default;
        }

        return true;
    }

    static bool TryReadIpv6(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = 0;
        var gap = text.IndexOf("::");

        if (gap < 0) return TryReadGroups(text, out address, out var all) && all == 8;

        if (!TryReadGroups(text[..gap], out var high, out var before)
            || !TryReadGroups(text[(gap + 2)..], out var low, out var behind) || before + behind > 7) return false;

        address = (before == 0 ? 0 : high << (16 * (8 - before))) | low;
        return true;
    }

    static bool TryReadGroups(ReadOnlySpan<char> text, out UInt128 number, out int count)
    {
        number = 0;
        count = 0;
        if (text.IsEmpty) return true;

        while (true)
        {
            var colon = text.IndexOf(':');
            var group = colon < 0 ? text : text[..colon];
            if (++count > 8 || group.Length is 0 or > 4) return false;

            var part = 0u;

            foreach (var character in group)
            {
                if (!char.IsAsciiHexDigit(character)) return false;
                var digit = char.IsAsciiDigit(character) ? character - '0' : (character | 0x20) - 'a' + 10;
                part = (part << 4) | (uint)digit;
            }

            number = (number << 16) | part;
            if (colon < 0) return true;
            text = text[(colon + 1)..];
        }
    }

    static bool TryReadNumber(ReadOnlySpan<char> text, int most, out int number)
    {
        number = 0;
        if (text.Length is 0 or > 3 || (text.Length > 1 && text[0] == '0')) return false;

        foreach (var character in text)
        {
            if (!char.IsAsciiDigit(character)) return false;
            number = (number * 10) + (character - '0');
        }

        return number <= most;
    }
}
