namespace Stet.Corrections;

/// <summary>Every reason a correction is refused. Clients match on the code; the wording may change.</summary>
public static class CorrectionProblems
{
    public static Problem SupersedesNotActive(CorrectionId named) => new(
        Code: "supersedes_not_active", Status: 409, Title: "The correction to supersede does not stand",
        Detail: $"correction `{named}` is not the one that stands for this field");

    public static Problem NotActive(CorrectionId id) => new(
        Code: "correction_not_active", Status: 409, Title: "The correction does not stand",
        Detail: $"correction `{id}` has been superseded; revoke the one that stands");

    public static Problem NotFound { get; } = new(
        Code: "correction_not_found", Status: 404, Title: "No such correction",
        Detail: "there is no correction of this id that the requester may read");
}
