using Stet.Cedar;

namespace Stet.Policy.Lifecycle;

/// <summary>A kind of change: more of the same kind is expected, another kind is news.</summary>
/// <param name="Class">One of <see cref="DiffClass"/>.</param>
/// <param name="Action">The action that was asked for.</param>
/// <param name="Before">The policies that determined the answer under the baseline.</param>
/// <param name="After">The policies that determine it under the candidate.</param>
public sealed record DiffKind(string Class, string Action, EquatableArray<string> Before, EquatableArray<string> After);

/// <summary>What a candidate would make of a recorded decision; the first that fits.</summary>
public static class DiffClass
{
    public const string Unreplayable = "unreplayable";
    public const string SchemaInvalid = "schema_invalid";
    public const string NewError = "new_error";
    public const string ErrorGone = "error_gone";
    public const string AllowToDeny = "allow_to_deny";
    public const string DenyToAllow = "deny_to_allow";
    public const string ReasonOnly = "reason_only";
    public const string Same = "same";
}
