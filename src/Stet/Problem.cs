namespace Stet;

/// <summary>Why a request or command was not carried out; becomes an RFC 9457 problem document.</summary>
/// <param name="Code">Stable, machine-readable, snake_case; the problem's type is <c>urn:stet:problem:{code}</c>.</param>
/// <param name="Status">The HTTP status it is answered with, 400 to 599.</param>
/// <param name="Title">One short sentence, the same for every occurrence.</param>
/// <param name="Detail">What was wrong this time and what to do; quotes input in backticks, never anything internal.</param>
public sealed record Problem(string Code, int Status, string Title, string Detail)
{
    /// <summary>The members that were wrong, by JSON pointer (RFC 6901); empty when the problem is not about members.</summary>
    public IReadOnlyList<MemberError> Errors { get; init; } = [];

    /// <summary>Writes members of this problem's own (RFC 9457, section 3.2); null: it has none.</summary>
    public Action<System.Text.Json.Utf8JsonWriter>? WriteMembers { get; init; }

    /// <summary>When to try again, in whole seconds; null when trying again does not help.</summary>
    public int? RetryAfterSeconds { get; init; }
}

/// <summary>One wrong member of a request.</summary>
/// <param name="Pointer">JSON pointer into the body (<c>/subject/id</c>), or the name of a query parameter or header.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record MemberError(string Pointer, string Message);
