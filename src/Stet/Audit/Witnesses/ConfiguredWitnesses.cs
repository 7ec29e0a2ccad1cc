using System.Text;
using Microsoft.Extensions.Options;
using Stet.AuditLog;

namespace Stet.Audit.Witnesses;

/// <summary>A witness that the service asks.</summary>
/// <param name="Name">How logs and metrics call it.</param>
/// <param name="Key">Its public key.</param>
/// <param name="Url">Where it is, without a slash at the end.</param>
public sealed record ConfiguredWitness(string Name, VerifierKey Key, string Url);

/// <summary>The witnesses that the service asks.</summary>
public sealed class ConfiguredWitnesses
{
    const string Witnesses = "Audit:Witnesses";
    const string Policy = "Audit:WitnessPolicy";

    ConfiguredWitnesses(IReadOnlyList<ConfiguredWitness> all) => All = all;

    /// <summary>There may be none.</summary>
    public IReadOnlyList<ConfiguredWitness> All { get; }

    /// <summary>Reads the configuration.</summary>
    /// <exception cref="OptionsValidationException">A key, URL or policy is malformed, or a name or key is there twice.</exception>
    public static ConfiguredWitnesses Read(WitnessOptions options)
    {
        ConfiguredWitness[] all =
        [
            .. Read(Witnesses, () => options.Witnesses.Select(w => Of(Witnesses, w.Name, VerifierKey.Parse(w.Vkey), w.Url))),
            .. Read(Policy, () => from w in InPolicy(options.WitnessPolicy) where w.Url is not null select Of(Policy, w.Name, w.Key, w.Url!)),
        ];
        if (all.GroupBy(w => w.Name).FirstOrDefault(g => g.Count() > 1) is { } named)
            throw Invalid(Witnesses, $"two witnesses have the name `{named.Key}`");
        if (all.GroupBy(w => w.Key.ToString()).FirstOrDefault(g => g.Count() > 1) is { } keyed)
            throw Invalid(Witnesses, $"two witnesses have the key `{keyed.Key}`");
        return new ConfiguredWitnesses(all);
    }

    static List<ConfiguredWitness> Read(string option, Func<IEnumerable<ConfiguredWitness>> read)
    {
        try
        {
            return [.. read()];
        }
        catch (AuditLogFormatException e)
        {
            throw Invalid(option, e.Message + (option == Policy ? " The value is the text of a policy, or `@FILE`." : ""));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(option, $"the policy cannot be read: {e.Message}");
        }
    }

    static ConfiguredWitness Of(string option, string? name, VerifierKey key, string url)
    {
        if (key.Type != SignatureType.Cosignature) throw Invalid(option, $"`{key}` is the key of a log, not of a witness");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || !(parsed.Scheme == Uri.UriSchemeHttp || parsed.Scheme == Uri.UriSchemeHttps))
            throw Invalid(option, $"the URL of `{key.Name}` must be absolute and begin with http:// or https://");
        return new ConfiguredWitness(string.IsNullOrWhiteSpace(name) ? key.Name : name, key, url.TrimEnd('/'));
    }

    static IReadOnlyList<PolicyWitness> InPolicy(string? policy) =>
        string.IsNullOrWhiteSpace(policy) ? []
        : TlogPolicy.Parse(policy.StartsWith('@') ? File.ReadAllBytes(policy[1..]) : Encoding.UTF8.GetBytes(policy)).Witnesses;

    static OptionsValidationException Invalid(string option, string reason) =>
        new("Audit", typeof(WitnessOptions), [$"`{option}`: {reason}"]);
}
