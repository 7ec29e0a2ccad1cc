using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;

namespace Stet.Pcs.Service;

/// <summary>The answer to a submission that was recorded; every member is always there.</summary>
/// <param name="Accepted">Whether its values agree with each other. It says nothing about the data.</param>
/// <param name="Escalated">Whether somebody has to look at it: the opposite.</param>
/// <param name="Outcome"><c>ACCEPTED</c> or <c>ESCALATED</c>.</param>
/// <param name="PcsId">The document's identity.</param>
/// <param name="RecomputedDHat">D̂ out of the document's own counts.</param>
/// <param name="RecomputedBudget">Budget out of the claimed D̂, coh★ and r.</param>
/// <param name="Reason">The message of the first escalation; empty without one.</param>
/// <param name="Reasons">What was found, in the order of the checks.</param>
/// <param name="Position">The event's position in the tenant's log.</param>
public sealed record SubmissionAnswer(
    bool Accepted, bool Escalated, [property: AllowedValues("ACCEPTED", "ESCALATED")] string Outcome, string PcsId,
    [property: JsonPropertyName("recomputed_D_hat")] double RecomputedDHat, double RecomputedBudget, string Reason,
    IReadOnlyList<FindingAnswer> Reasons, long Position)
{
    public const string AcceptedOutcome = "ACCEPTED";
    public const string EscalatedOutcome = "ESCALATED";

    /// <summary>The answer that a recorded event stands for, the first time and ever after.</summary>
    public static SubmissionAnswer Of(StoredEvent recorded)
    {
        var (submission, isEscalated) = recorded.Data switch
        {
            PcsAccepted e => (e.Submission, false),
            PcsEscalated e => (e.Submission, true),
            _ => throw new UnreadableEventException($"{recorded.Data.GetType()} is not what a submission records"),
        };
        return Of(
            submission.Document.PcsId, isEscalated, submission.RecomputedDHat, submission.RecomputedBudget,
            FindingAnswer.Of(submission.Reasons), recorded.Position);
    }

    /// <summary>The answer that says these things.</summary>
    public static SubmissionAnswer Of(
        string pcsId, bool isEscalated, double recomputedDHat, double recomputedBudget, IReadOnlyList<FindingAnswer> reasons, long position) =>
        new(
            !isEscalated, isEscalated, isEscalated ? EscalatedOutcome : AcceptedOutcome, pcsId, recomputedDHat, recomputedBudget,
            reasons.FirstOrDefault(f => f.IsEscalation)?.Message ?? "", reasons, position);
}

/// <summary>Something about a document's values that is not as it should be.</summary>
/// <param name="Code">Stable, for machines.</param>
/// <param name="Severity"><c>warning</c> or <c>escalation</c>.</param>
/// <param name="Message">For people; may change.</param>
public sealed record FindingAnswer(string Code, [property: AllowedValues("warning", "escalation")] string Severity, string Message)
{
    internal bool IsEscalation => Severity == PcsSeverity.Escalation.Name();

    public static IReadOnlyList<FindingAnswer> Of(ValueList<PcsFinding> findings) =>
    [
        .. findings.Select(f => new FindingAnswer(f.Code, f.Severity.Name(), f.Message)),
    ];
}

/// <summary>The answer to a document that says something else under an id that is known: a problem with four members more.</summary>
/// <param name="Type"><c>urn:stet:problem:pcs_equivocation</c>.</param>
/// <param name="Title">The kind of problem, for people.</param>
/// <param name="Status">409.</param>
/// <param name="Detail">Which members differ, for people.</param>
/// <param name="Code"><c>pcs_equivocation</c>.</param>
/// <param name="ContentDigest">Of this document, 64 hexadecimal digits.</param>
/// <param name="FirstContentDigest">Of the document that came first.</param>
/// <param name="FirstPosition">Where that is in the tenant's log.</param>
/// <param name="SignedPartDiffers">False: a third party may have altered one copy on its way.</param>
/// <param name="TraceId">Of the request.</param>
public sealed record EquivocationProblem(
    string Type, string Title, int Status, string Detail, string Code, string ContentDigest, string FirstContentDigest,
    long FirstPosition, bool SignedPartDiffers, string? TraceId = null);

public static class SubmitDocumentEndpoint
{
    const string Path = "/v1/pcs/submit";

    public static void Map(IEndpointRouteBuilder routes)
    {
        // The signature is the credential, so the route asks for none and looks for one itself.
        routes.MapPost(Path, Post).AllowWithoutTenant().WithSummary("Submit a PCS document")
            .WithDescription(
                "Verifies a document of 0.1 or 1.0 and records it with its verdict. `X-Tenant-Id`, or an access token with "
                + "`pcs:submit`, names the tenant. The same content again gets the first answer and `Stet-Duplicate: true`.")
            .Accepts<UnreadDocument>("application/json").Produces<SubmissionAnswer>().Produces<SubmissionAnswer>(202)
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(408)
            .Produces<EquivocationProblem>(409, "application/problem+json").ProducesProblem(413).ProducesProblem(415)
            .ProducesProblem(429).ProducesProblem(500).ProducesProblem(503)
            .WithAnswerHeader("Stet-Duplicate", 200, 202)
            .WithOptionalToken(Scopes.PcsSubmit)
            .WithMetadata(new RequestHeaders(["X-Tenant-Id", .. RequestHeaders.OfWrites]));
        routes.Map(Path, RefuseOthers).AllowWithoutTenant().ExcludeFromDescription();
    }

    static async Task<IResult> Post(HttpContext http, SubmissionIntake intake, PcsMetrics metrics, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        try
        {
            DeclaredQuery.OfWrites.Check(http.Request.Query);
            var (answer, isDuplicate, problem) = await intake.TakeAsync(http);
            if (problem is not null) return Refuse(http, problem, metrics);

            if (isDuplicate) http.Response.Headers["Stet-Duplicate"] = "true";
            return JsonAnswer.Write(
                StatusOf(answer!), answer!, PcsHttpJson.Default.SubmissionAnswer, answer!.Position);
        }
        catch (BadRequestException e)
        {
            return Refuse(http, e.Problem, metrics);
        }
        finally
        {
            metrics.Answered(clock.GetElapsedTime(started));
        }
    }

    /// <summary>What the route above does not match: every other method, and a media type that it does not name.</summary>
    static IResult RefuseOthers(HttpContext http, PcsMetrics metrics)
    {
        if (HttpMethods.IsPost(http.Request.Method)) return Refuse(http, RequestProblems.NotJson, metrics);

        http.Response.Headers.Allow = "POST";
        return Refuse(http, PcsProblems.MethodNotAllowed, metrics);
    }

    static IResult Refuse(HttpContext http, Problem problem, PcsMetrics metrics)
    {
        metrics.Refused(problem.Code);
        if (problem.Status == 401 && http.Response.Headers.WWWAuthenticate.Count == 0)
            http.Response.Headers.WWWAuthenticate = "PCS";
        return Problems.Answer(problem);
    }

    internal static int StatusOf(SubmissionAnswer answer) => answer.Escalated ? 202 : 200;
}

/// <summary>A document, which is read by its own rules: see the specification of versions 0.1 and 1.0.</summary>
public sealed record UnreadDocument;
