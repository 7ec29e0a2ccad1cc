using System.Buffers;
using System.Reflection;

namespace Stet.Authentication;

/// <summary>Who asks, as the verified credential says; an endpoint gets it by naming a parameter of this type.</summary>
/// <param name="TenantId">Lower-case UUID in 8-4-4-4-12 form.</param>
/// <param name="Subject">The credential's <c>sub</c>: 1 to 255 characters, none of them a control character.</param>
/// <param name="Scopes">Every scope of the credential, those that Stet does not know included.</param>
public sealed record Caller(string TenantId, string Subject, IReadOnlySet<string> Scopes)
    : IBindableFromHttpContext<Caller>
{
    /// <summary>Whether this is no credential's caller, but anybody who reads what is open to everybody.</summary>
    public bool IsAnybody { get; init; }

    static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether the text is a tenant id: a lower-case UUID in 8-4-4-4-12 form, and only that.</summary>
    // Guid.TryParseExact would also take upper case and surrounding white space: two names for one tenant.
    public static bool IsTenantId(ReadOnlySpan<char> text) =>
        text is { Length: 36 } && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
        && IsHex(text[..8]) && IsHex(text[9..13]) && IsHex(text[14..18]) && IsHex(text[19..23]) && IsHex(text[24..]);

    /// <summary>Whether the text can be a <see cref="Subject"/>.</summary>
    public static bool IsSubject(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > 255) return false;

        foreach (var character in text)
            if (char.IsControl(character)) return false;

        return true;
    }

    /// <exception cref="InvalidOperationException">The endpoint is open to requests without a tenant.</exception>
    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        context.Features.Get<Caller>() is { } caller
            ? ValueTask.FromResult<Caller?>(caller)
            : throw new InvalidOperationException(
                $"{context.GetEndpoint()?.DisplayName} wants a caller: it needs RequirePermission, and UseCallers before it.");

    static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(LowerHex);
}
