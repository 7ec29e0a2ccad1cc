using System.Diagnostics.CodeAnalysis;

namespace Stet.Cedar;

/// <summary>Names an entity, whether there is one or not: <c>App::User::"ada"</c>.</summary>
public sealed class EntityUid : Value, IEquatable<EntityUid>
{
    int hash;

    /// <summary>The name of an entity.</summary>
    /// <param name="type">A type path, see <see cref="EntityTypeName.IsValid"/>.</param>
    /// <param name="id">Any text, none included.</param>
    /// <exception cref="ArgumentException">The type is no type path, or the id holds a lone surrogate.</exception>
    public EntityUid(string type, string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!EntityTypeName.IsValid(type)) throw new ArgumentException("The entity type is not a path of identifiers.", nameof(type));
        if (!UnicodeText.IsWellFormed(id)) throw new ArgumentException("The id holds a lone surrogate.", nameof(id));
        Type = type;
        Id = id;
    }

    /// <summary>Its full type path, without spaces.</summary>
    public string Type { get; }

    /// <summary>Its id within the type.</summary>
    public string Id { get; }

    /// <summary>Whether its type is one of actions: <c>Action</c>, or that within a namespace.</summary>
    internal bool IsOfAction => Type == "Action" || Type.EndsWith("::Action", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Entity;

    /// <summary>The name of an entity, unless the type is no type path or the id holds a lone surrogate.</summary>
    public static bool TryCreate(string type, string id, [NotNullWhen(true)] out EntityUid? uid)
    {
        uid = EntityTypeName.IsValid(type) && id is not null && UnicodeText.IsWellFormed(id)
            ? new EntityUid(type, id)
            : null;
        return uid is not null;
    }

    /// <inheritdoc/>
    public bool Equals(EntityUid? other) =>
        ReferenceEquals(this, other) ||
        (other is not null && GetHashCode() == other.GetHashCode() && Id == other.Id && Type == other.Type);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EntityUid);

    /// <inheritdoc/>
    public override bool Equals(Value? other) => Equals(other as EntityUid);

    /// <inheritdoc/>
    public override int GetHashCode() => hash != 0 ? hash : hash = HashCode.Combine(Type, Id);
}

/// <summary>Rules for names.</summary>
public static class EntityTypeName
{
    /// <summary>
    /// Whether a text is a type path: identifiers joined by <c>::</c>, without spaces, none of them a reserved word.
    /// </summary>
    public static bool IsValid([NotNullWhen(true)] string? path)
    {
        if (path is null) return false;
        var rest = path.AsSpan();

        while (true)
        {
            var at = rest.IndexOf("::");
            if (!IsIdentifier(at < 0 ? rest : rest[..at])) return false;
            if (at < 0) return true;
            rest = rest[(at + 2)..];
        }
    }

    /// <summary>
    /// Whether a text is an identifier: <c>[_a-zA-Z][_a-zA-Z0-9]*</c> and no reserved word.
    /// </summary>
    public static bool IsIdentifier(ReadOnlySpan<char> text) => IsAnyIdentifier(text) && !IsReserved(text);

    /// <summary>Whether a text is <c>[_a-zA-Z][_a-zA-Z0-9]*</c>, which is all an annotation's name has to be.</summary>
    public static bool IsAnyIdentifier(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || char.IsAsciiDigit(text[0])) return false;

        foreach (var character in text)
            if (!IsIdentifierPart(character)) return false;

        return true;
    }

    internal static bool IsIdentifierPart(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';

    static bool IsReserved(ReadOnlySpan<char> text) =>
        text is "true" or "false" or "if" or "then" or "else" or "in" or "like" or "has" or "is" or "__cedar";
}
