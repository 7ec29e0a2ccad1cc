namespace Stet.Http;

/// <summary>Gathers what is wrong with a request, so that one answer tells all of it.</summary>
/// <param name="at">Pointer within the body of what is looked at; empty for the whole.</param>
public sealed class Validation(string at = "")
{
    const long MostExact = (1L << 53) - 1;

    readonly List<MemberError> errors = [];

    /// <summary>Null when nothing was wrong.</summary>
    public Problem? Problem => errors.Count == 0 ? null : RequestProblems.Invalid(errors);

    public Validation Require(bool holds, string pointer, string message)
    {
        if (!holds) errors.Add(new MemberError(at + pointer, message));
        return this;
    }

    /// <summary>A text that must be there and have 1 to <paramref name="most"/> characters.</summary>
    public Validation Text(string? value, string pointer, int most = 200) =>
        Require(value is { Length: > 0 } && value.Length <= most, pointer, $"is required, 1 to {most} characters")
            .Storable(value, pointer);

    /// <summary>A text that may be missing and has at most <paramref name="most"/> characters.</summary>
    public Validation OptionalText(string? value, string pointer, int most = 500) =>
        Require(value is null || value.Length <= most, pointer, $"may have at most {most} characters").Storable(value, pointer);

    public Validation Texts(StringSet? values, string pointer, int most = 100, int longest = 200)
    {
        if (values is null) return this;
        Require(values.Count <= most, pointer, $"may hold at most {most} texts");
        return Require(
            values.All(v => v.Length >= 1 && v.Length <= longest && IsStorable(v)), pointer,
            $"holds texts of 1 to {longest} characters, without U+0000");
    }

    /// <summary>A whole number from 0 that may be missing; a double carries it exactly, as events have to (RFC 8785).</summary>
    public Validation Count(long? value, string pointer) =>
        Require(value is null or (>= 0 and <= MostExact), pointer, $"must be from 0 to {MostExact}");

    /// <summary>Texts that a query names in a comma-separated list.</summary>
    public Validation Listable(IEnumerable<string> values, string pointer) =>
        Require(values.All(RequestQuery.CanList), pointer, "may hold no comma, and no space at either end: a query could not name it");

    /// <exception cref="BadRequestException">Something was wrong.</exception>
    public void ThrowIfAny()
    {
        if (Problem is { } problem) throw new BadRequestException(problem);
    }

    Validation Storable(string? value, string pointer) =>
        Require(value is null || IsStorable(value), pointer, "holds U+0000, which cannot be stored");

    static bool IsStorable(string value) => !value.Contains('\0');
}
