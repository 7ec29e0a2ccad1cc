using System.ComponentModel.DataAnnotations;

namespace Stet.Policy.AuthZen;

/// <summary>How the decision point presents itself: section <c>AuthZen</c> of the configuration.</summary>
public sealed class AuthZenOptions : IValidatableObject
{
    public const string Section = "AuthZen";

    /// <summary>
    /// The URL under which clients reach the service, without a slash at its end; a tenant's decision point is
    /// <c>{PublicUrl}/t/{tenant_id}</c>. Without it, metadata is published in Development alone, where requests say it, and the
    /// API's description and access requests name paths.
    /// A path of its own goes behind the well-known one, too: whatever leads clients to the service takes it away from all other
    /// requests, and sends those for <c>/.well-known/authzen-configuration</c> on as they are.
    /// </summary>
    /// <value>An https URL without query and fragment. Default none.</value>
    public string? PublicUrl { get; set; }

    /// <summary>The path of that URL; empty without one.</summary>
    internal PathString Path => PublicUrl is not null && new Uri(PublicUrl) is { AbsolutePath.Length: > 1 } url ? PathString.FromUriComponent(url) : default;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is not null
            && (!Uri.TryCreate(PublicUrl, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps
                || url.Query.Length + url.Fragment.Length + url.UserInfo.Length > 0 || PublicUrl.EndsWith('/')))
            yield return new ValidationResult(
                $"{Section}:{nameof(PublicUrl)} has to be an https URL without query, fragment and a slash at its end.", [nameof(PublicUrl)]);
    }
}
