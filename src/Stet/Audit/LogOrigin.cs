using System.Globalization;
using Stet.Authentication;

namespace Stet.Audit;

/// <summary>Origins of logs: <c>HOST/v1/tenants/ID/audit</c>, with <c>/epoch/N</c> behind it from the second epoch on.</summary>
static class LogOrigin
{
    const string BeforeTenant = "/v1/tenants/";
    const string BeforeEpoch = "/epoch/";

    /// <summary>The origin of a log's first epoch, and which epoch this is.</summary>
    public static (string First, int Epoch) Parse(string origin)
    {
        var at = origin.LastIndexOf(BeforeEpoch, StringComparison.Ordinal);
        return at > 0 && int.TryParse(origin.AsSpan(at + BeforeEpoch.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? (origin[..at], epoch)
            : (origin, 1);
    }

    /// <summary>The origin of an epoch after the first.</summary>
    public static string OfEpoch(string first, int epoch) => string.Create(CultureInfo.InvariantCulture, $"{first}{BeforeEpoch}{epoch}");

    /// <summary>Whose log it is; null for the origin of a log that is none of ours.</summary>
    public static string? TenantOf(string origin)
    {
        var start = origin.IndexOf(BeforeTenant, StringComparison.Ordinal);
        if (start < 0) return null;

        var rest = origin.AsSpan(start + BeforeTenant.Length);
        return rest.Length > 36 && Caller.IsTenantId(rest[..36]) ? rest[..36].ToString() : null;
    }
}
