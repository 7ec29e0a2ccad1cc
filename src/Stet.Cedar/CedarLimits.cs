using System.Runtime.CompilerServices;

namespace Stet.Cedar;

/// <summary>
/// How large input may be. Whatever exceeds a limit is refused with a <see cref="Finding"/> of code
/// <see cref="FindingCode.Limit"/>. Setting a member outside its range throws
/// <see cref="ArgumentOutOfRangeException"/>.
/// </summary>
public sealed record CedarLimits
{
    /// <summary>Every limit at its default.</summary>
    public static CedarLimits Default { get; } = new();

    /// <summary>UTF-8 bytes of one policy, comments included.</summary>
    /// <value>1,024 to 1,048,576. Default 16,384.</value>
    public int PolicyBytes { get; init => field = Within(value, 1_024, 1_048_576); } = 16_384;

    /// <summary>UTF-8 bytes of a schema.</summary>
    /// <value>1,024 to 1,048,576. Default 262,144.</value>
    public int SchemaBytes { get; init => field = Within(value, 1_024, 1_048_576); } = 262_144;

    /// <summary>
    /// Levels to which expressions, values and types nest. A chain of <c>&amp;&amp;</c>, <c>||</c>, <c>+</c>,
    /// <c>-</c> or <c>*</c> is one level however long; parentheses and every further member access are one each.
    /// </summary>
    /// <value>8 to 256. Default 64.</value>
    public int Depth { get; init => field = Within(value, 8, 256); } = 64;

    /// <summary>Elements of one set.</summary>
    /// <value>16 to 65,536. Default 1,024.</value>
    public int SetElements { get; init => field = Within(value, 16, 65_536); } = 1_024;

    /// <summary>Keys of one record, and so attributes or tags of one entity.</summary>
    /// <value>16 to 65,536. Default 1,024.</value>
    public int RecordKeys { get; init => field = Within(value, 16, 65_536); } = 1_024;

    /// <summary>Policies, templates and links in one policy set.</summary>
    /// <value>1 to 100,000. Default 20,000.</value>
    public int Policies { get; init => field = Within(value, 1, 100_000); } = 20_000;

    /// <summary>Entities in one loaded set.</summary>
    /// <value>1 to 1,000,000. Default 100,000.</value>
    public int Entities { get; init => field = Within(value, 1, 1_000_000); } = 100_000;

    /// <summary>Ancestors of one entity, the transitive ones included.</summary>
    /// <value>16 to 16,384. Default 1,024.</value>
    public int Ancestors { get; init => field = Within(value, 16, 16_384); } = 1_024;

    /// <summary>
    /// Environments of a schema that policies are checked in: combinations of an action with a principal type and a
    /// resource type that it applies to.
    /// </summary>
    /// <value>256 to 1,048,576. Default 16,384.</value>
    public int Environments { get; init => field = Within(value, 256, 1_048_576); } = 16_384;

    /// <summary>
    /// Expressions that one validation types, parts of expressions included: each counts in every environment that it is
    /// typed in, every environment that a policy's scope leaves counts as one more, and so do 32 actions or types that the
    /// scope is held against. Eight million take some seconds.
    /// </summary>
    /// <value>1,024 to 1,073,741,824. Default 8,388,608.</value>
    public int TypedExpressions { get; init => field = Within(value, 1_024, MostTypedExpressions); } = 8_388_608;

    /// <summary>The most that <see cref="TypedExpressions"/> can be.</summary>
    public const int MostTypedExpressions = 1_073_741_824;

    static int Within(int value, int least, int most, [CallerMemberName] string member = "")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, member);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, member);
        return value;
    }
}
