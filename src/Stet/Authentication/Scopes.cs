namespace Stet.Authentication;

/// <summary>
/// What a route can ask of its caller: a scope of the same name. None implies another; <see cref="Admin"/> opens
/// the routes that name it and no others, so that who runs the service does not thereby read what is in it.
/// </summary>
public static class Scopes
{
    public const string CorrectionsWrite = "corrections:write";
    public const string FactsRead = "facts:read";
    public const string EnforcementWrite = "enforcement:write";
    public const string EnforcementRead = "enforcement:read";
    public const string PcsSubmit = "pcs:submit";
    public const string PcsRead = "pcs:read";
    public const string PcsResolve = "pcs:resolve";
    public const string PcsAdmin = "pcs:admin";
    public const string PolicyEvaluate = "policy:evaluate";
    public const string PolicyRead = "policy:read";
    public const string PolicyAuthor = "policy:author";
    public const string PolicyApprove = "policy:approve";
    public const string PolicyActivate = "policy:activate";
    public const string PolicyAdmin = "policy:admin";
    public const string PolicyAudit = "policy:audit";
    public const string AuditRead = "audit:read";
    public const string AuditExport = "audit:export";
    public const string Admin = "admin";

    public static IReadOnlySet<string> All { get; } =
        new HashSet<string>(
        [
            CorrectionsWrite, FactsRead, EnforcementWrite, EnforcementRead, PcsSubmit, PcsRead, PcsResolve, PcsAdmin,
            PolicyEvaluate, PolicyRead, PolicyAuthor, PolicyApprove, PolicyActivate, PolicyAdmin, PolicyAudit, AuditRead,
            AuditExport, Admin,
        ]);
}
