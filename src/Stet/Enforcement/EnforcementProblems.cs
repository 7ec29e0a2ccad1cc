namespace Stet.Enforcement;

/// <summary>Every reason a request about enforcement is refused. Clients match on the code; the wording may change.</summary>
public static class EnforcementProblems
{
    public static Problem SystemNotFound(string systemId) => new(
        Code: "system_not_found", Status: 404, Title: "No such system",
        Detail: $"system `{systemId}` has neither been registered nor reported");

    public static Problem SystemRetired(string systemId) => new(
        Code: "system_retired", Status: 409, Title: "The system is retired",
        Detail: $"system `{systemId}` is not expected to report any more; register it again first");

    public static Problem CorrectionNotFound { get; } = new(
        Code: "correction_not_found", Status: 404, Title: "No such correction",
        Detail: "there is no correction of this id");
}
