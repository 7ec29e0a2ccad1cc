using System.Globalization;
using System.Text;

namespace Stet.Client.Api;

/// <summary>A path below the service's address, with its query, escaped as it goes on the wire.</summary>
sealed class Target
{
    readonly StringBuilder text = new();
    bool hasQuery;

    /// <summary>A path that holds nothing that would have to be escaped.</summary>
    public Target(string path) => text.Append(path);

    /// <summary>A path and one more segment, whatever it holds, then maybe others.</summary>
    /// <exception cref="ArgumentException">The segment is empty, or a name that paths give another meaning.</exception>
    public static Target Of(string path, string segment, string after = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(segment);
        if (segment is "." or "..") throw new ArgumentException("`.` and `..` name no resource.", nameof(segment));

        return new Target($"{path}/{Uri.EscapeDataString(segment)}{after}");
    }

    /// <summary>Adds a parameter unless it is null.</summary>
    public Target With(string name, string? value)
    {
        if (value is null) return this;

        text.Append(hasQuery ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        hasQuery = true;
        return this;
    }

    public Target With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    public Target With(string name, bool value) => value ? With(name, "true") : this;

    /// <summary>Adds a parameter for each value.</summary>
    public Target With(string name, IReadOnlyList<string> values)
    {
        foreach (var value in values) With(name, value);
        return this;
    }

    /// <summary>Adds a page's parameters.</summary>
    public Target Page(string? cursor, int? limit) => With("cursor", cursor).With("limit", limit);

    public override string ToString() => text.ToString();
}
