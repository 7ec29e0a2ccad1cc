using Stet.Authentication;

namespace Stet.RateLimits;

/// <summary>What kind of work a route is; each kind has a rate of its own.</summary>
public enum RouteClass
{
    Read,
    Write,
    Admin,
}

static class RouteClasses
{
    public static RouteClass Of(RequiredPermission required) => required.Permission switch
    {
        Scopes.Admin => RouteClass.Admin,
        Scopes.FactsRead or Scopes.EnforcementRead or Scopes.PcsRead or Scopes.PolicyRead or Scopes.PolicyAudit
            or Scopes.AuditRead or Scopes.AuditExport => RouteClass.Read,
        _ => RouteClass.Write,
    };
}
