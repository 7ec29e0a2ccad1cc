using Stet.EventStore;

namespace Stet.Audit;

/// <summary>Every reason the audit log gives for a refusal.</summary>
public static class AuditProblems
{
    public static Problem DataNotCanonical(UnloggableEventException e) => new(
        "data_not_canonical", 400, "The data cannot be logged faithfully",
        $"`{e.Pointer}`: {e.Reason} Send a value that RFC 8785 and the database carry unchanged.");
}
