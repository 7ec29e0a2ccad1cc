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
    ConfiguredWitnesses(IReadOnlyList<ConfiguredWitness> all) => All = all;

    /// <summary>There may be none.</summary>
    public IReadOnlyList<ConfiguredWitness> All { get; }

    /// <summary>Reads the configuration.</summary>
    /// <exception cref="OptionsValidationException">A key, URL or policy is malformed, or a name or key is there twice.</exception>
    public static ConfiguredWitnesses Read(WitnessOptions options)
    {
        try
        {
            ConfiguredWitness[] all =
            [
                .. options.Witnesses.Select(w => Of(w.Name, VerifierKey.Parse(w.Vkey), w.Url)),
                .. from w in InPolicy(options.WitnessPolicy) where w.Url is not null select Of(w.Name, w.Key, w.Url!),
            ];
            if (all.GroupBy(w => w.Name).FirstOrDefault(g => g.Count() > 1) is { } named)
                throw Invalid($"two witnesses have the name `{named.Key}`");
            if (all.GroupBy(w => w.Key.ToString()).FirstOrDefault(g => g.Count() > 1) is { } keyed)
                throw Invalid($"two witnesses have the key `{keyed.Key}`");
            return new ConfiguredWitnesses(all);
        }
        catch (AuditLogFormatException e)
        {
            throw Invalid(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"the policy cannot be read: {e.Message}");
        }
    }

    static ConfiguredWitness Of(string? name, VerifierKey key, string url)
    {
        if (key.Type != SignatureType.Cosignature) throw Invalid($"`{key}` is the key of a log, not of a witness");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || !(parsed.Scheme == Uri.UriSchemeHttp || parsed.Scheme == Uri.UriSchemeHttps))
            throw Invalid($"the URL of `{key.Name}` must be absolute and begin with http:// or https://");
        return new ConfiguredWitness(string.IsNullOrWhiteSpace(name) ? key.Name : name, key, url.TrimEnd('/'));
    }

    static IReadOnlyList<PolicyWitness> InPolicy(string? policy) =>
        string.IsNullOrWhiteSpace(policy) ? []
        : TlogPolicy.Parse(policy.StartsWith('@') ? File.ReadAllBytes(policy[1..]) : Encoding.UTF8.GetBytes(policy)).Witnesses;

    static OptionsValidationException Invalid(string reason) =>
        new("Audit", typeof(WitnessOptions), [$"`Audit:Witnesses`: {reason}"]);
}
