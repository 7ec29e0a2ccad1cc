namespace Stet.Pcs.Service;

/// <summary>A tenant's keys, signature policy and parameters: state for deciding, and what verification goes by.</summary>
/// <param name="Policy"><c>required</c> or <c>none</c>.</param>
/// <param name="ParameterVersion">Counts the tenant's parameters; 0: the defaults.</param>
/// <param name="Parameters">Those in force; null: the defaults.</param>
/// <param name="Keys">In the order in which they were registered first.</param>
public sealed record PcsRegistry(
    string Policy, long ParameterVersion, PcsParameters? Parameters, IReadOnlyList<RegisteredKey> Keys)
{
    public const string Required = "required";
    public const string NoSignature = "none";

    /// <summary>The tenant has said nothing.</summary>
    public static PcsRegistry Empty { get; } = new(Required, 0, null, []);

    public static PcsRegistry Create(PcsKeyRegistered e) => Empty.Apply(e);

    public static PcsRegistry Create(PcsSignaturePolicySet e) => Empty.Apply(e);

    public static PcsRegistry Create(PcsParametersSet e) => Empty.Apply(e);

    public PcsRegistry Apply(PcsKeyRegistered e)
    {
        var key = new RegisteredKey(
            e.Kid, e.Use, e.Alg, e.PublicKey, e.Fingerprint, e.NotBefore, e.NotAfter, e.RegisteredAt, RevokedAt: null);
        return Key(e.Kid) is null
            ? this with { Keys = [.. Keys, key] }
            : this with { Keys = [.. Keys.Select(k => k.Kid == e.Kid ? key with { RegisteredAt = k.RegisteredAt } : k)] };
    }

    public PcsRegistry Apply(PcsKeyRevoked e) =>
        this with { Keys = [.. Keys.Select(k => k.Kid == e.Kid ? k with { RevokedAt = e.RevokedAt } : k)] };

    public PcsRegistry Apply(PcsSignaturePolicySet e) => this with { Policy = e.Policy };

    public PcsRegistry Apply(PcsParametersSet e) => this with { ParameterVersion = e.Version, Parameters = e.Parameters };

    /// <summary>The key of a name; null when there is none.</summary>
    public RegisteredKey? Key(string kid) => Keys.FirstOrDefault(k => k.Kid == kid);
}

/// <summary>What is known of a key but a secret: that is kept elsewhere, wrapped.</summary>
/// <param name="Kid">Its name within the tenant.</param>
/// <param name="Use"><c>0.1</c> or <c>1.0</c>.</param>
/// <param name="Alg"><c>HS256</c> or <c>Ed25519</c>.</param>
/// <param name="PublicKey">Base64; null for a secret.</param>
/// <param name="Fingerprint">64 hexadecimal digits.</param>
/// <param name="NotBefore">From when on it may sign; null: ever since.</param>
/// <param name="NotAfter">Until when, exclusive; null: without end.</param>
/// <param name="RegisteredAt">When it was registered first.</param>
/// <param name="RevokedAt">Since when it signs nothing; null: it is not revoked.</param>
public sealed record RegisteredKey(
    string Kid, string Use, string Alg, string? PublicKey, string Fingerprint, DateTimeOffset? NotBefore,
    DateTimeOffset? NotAfter, DateTimeOffset RegisteredAt, DateTimeOffset? RevokedAt)
{
    /// <summary>When it may be used.</summary>
    public PcsKeyValidity Validity() => new(NotBefore, NotAfter, RevokedAt);
}
