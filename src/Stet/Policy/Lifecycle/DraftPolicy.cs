using System.ComponentModel.DataAnnotations;
using System.Text;
using Stet.Authentication;
using Stet.Cedar;
using Stet.Http;
using static Stet.Decision;

namespace Stet.Policy.Lifecycle;

/// <summary>Puts a candidate up for use, with what validation said of it.</summary>
public sealed record DraftPolicy(PolicyCandidate Candidate, string? Note)
{
    public static Decision Decide(DraftPolicy command, PolicyLife? life, string author, DateTimeOffset now)
    {
        life ??= PolicyLife.Empty;
        var candidate = command.Candidate;
        if (life.Candidate(candidate.Digest) is { IsOpen: true }) return Refuse(PolicyProblems.Exists(candidate.Digest));
        if (life.IsInUse(candidate.Digest, now)) return Refuse(PolicyProblems.InUse(candidate.Digest));
        if (life.Candidates.Count(c => c.IsOpen) >= PolicyLife.MostOpen) return Refuse(PolicyProblems.TooManyOpen);

        return Record(
            new PolicyDrafted(
                candidate.Digest, candidate.PolicySetDigest, candidate.SchemaDigest, candidate.TestsDigest, candidate.Text,
                life.InForce(now)?.Candidate, author, command.Note, now),
            ValidatePolicy.Verdict(candidate, now));
    }
}

/// <summary>The body of <c>POST /v1/policy/candidates</c>.</summary>
/// <param name="Policies">Policies and templates, each under an id of its own, which it keeps across versions.</param>
/// <param name="Schema">In the schema language; or in its JSON form, as a text.</param>
/// <param name="Links">What fills the templates' slots.</param>
/// <param name="Obligations">The catalogue: <c>{name: {type, properties}}</c>.</param>
/// <param name="Tests">What has to come out.</param>
/// <param name="Note">What it is for, at most 2,000 characters.</param>
sealed record DraftRequest(
    IReadOnlyList<NamedPolicy?>? Policies, string? Schema, IReadOnlyList<NamedLink?>? Links = null,
    UnreadJson? Obligations = null, UnreadJson? Tests = null, [property: StringLength(2_000)] string? Note = null)
{
    /// <exception cref="BadRequestException">Something is missing or cannot be stored.</exception>
    public CandidateText Read()
    {
        var check = new Validation()
            .Require(Policies is { Count: > 0 }, "/policies", "is required: a list of one {id, text} or more")
            .Require(Schema is not null, "/schema", "is required: a schema, as a text")
            .Require(IsStorable(Schema), "/schema", "holds U+0000, which cannot be stored")
            .OptionalText(Note, "/note", 2_000);
        for (var i = 0; i < Policies?.Count; i++)
        {
            var policy = Policies[i];
            check.Require(policy is { Id: not null, Text: not null }, $"/policies/{i}", "must be {id, text}")
                .Require(IsStorable(policy?.Id) && IsStorable(policy?.Text), $"/policies/{i}", "holds U+0000, which cannot be stored");
        }

        for (var i = 0; i < Links?.Count; i++)
        {
            var link = Links[i];
            check.Require(
                    link is { Id: not null, Template: not null } && IsNamed(link.Principal) && IsNamed(link.Resource),
                    $"/links/{i}", "must be {template, id, principal?, resource?}, entities as {type, id}")
                .Require(
                    IsStorable(link?.Id) && IsStorable(link?.Template) && IsStorable(link?.Principal?.Id) && IsStorable(link?.Resource?.Id),
                    $"/links/{i}", "holds U+0000, which cannot be stored");
        }

        check.ThrowIfAny();
        return new CandidateText(
            new([.. Policies!.Select(p => p!)]), new([.. (Links ?? []).Select(l => l!)]), Json(Obligations, "{}"), Schema!,
            Json(Tests, "[]"));
    }

    /// <exception cref="BadRequestException">The text of a policy names it otherwise than it is sent under.</exception>
    public void CheckIds(PolicySet policies)
    {
        var said = policies.Policies.Concat(policies.Templates).ToDictionary(p => p.Id.Value, p => p.FindAnnotation("id")?.Value);
        var check = new Validation();
        for (var i = 0; i < Policies!.Count; i++)
        {
            var id = Policies[i]!.Id;
            check.Require((said[id] ?? id) == id, $"/policies/{i}/text", "has an `@id` that is not the policy's `id`");
        }

        check.ThrowIfAny();
    }

    static string Json(UnreadJson? part, string none) =>
        part is { } json && !json.Utf8.Span.SequenceEqual("null"u8) ? Encoding.UTF8.GetString(json.Utf8.Span) : none;

    static bool IsNamed(EntityName? name) => name is null or { Type: not null, Id: not null };

    static bool IsStorable(string? text) => text is null || !text.Contains('\0');
}

/// <summary>A candidate that was drafted, now or the first time.</summary>
/// <param name="Candidate">Its digest, which names it.</param>
/// <param name="PolicySetDigest">Of policies, links and obligations.</param>
/// <param name="SchemaDigest">Of the schema.</param>
/// <param name="TestsDigest">Of the tests.</param>
/// <param name="State"><c>validated</c> or <c>invalid</c>.</param>
/// <param name="Findings">Errors and warnings.</param>
/// <param name="DraftedAgainst">What was in force; null: nothing was.</param>
/// <param name="Author">Who drafted it.</param>
/// <param name="Position">The log position of its validation.</param>
sealed record DraftAnswer(
    string Candidate, string PolicySetDigest, string SchemaDigest, string TestsDigest,
    [property: AllowedValues(CandidateState.Validated, CandidateState.Invalid)] string State,
    IReadOnlyList<PolicyFinding> Findings, string? DraftedAgainst, string Author, long Position)
{
    public static DraftAnswer Of(Recorded recorded)
    {
        var drafted = (PolicyDrafted)recorded.Events[0].Data;
        var (state, findings) = recorded.Events[1].Data is PolicyFoundInvalid invalid
            ? (CandidateState.Invalid, invalid.Findings)
            : (CandidateState.Validated, ((PolicyValidated)recorded.Events[1].Data).Warnings);
        return new DraftAnswer(
            drafted.Candidate, drafted.PolicySetDigest, drafted.SchemaDigest, drafted.TestsDigest, state, [.. findings],
            drafted.DraftedAgainst, drafted.Author, recorded.Events[1].Position);
    }
}

public static class DraftPolicyEndpoint
{
    /// <summary>The most bytes of a candidate's body.</summary>
    public const int Limit = 16 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/policy/candidates", Post).WithSummary("Draft a policy candidate")
            .WithDescription(
                "Policies, links, obligations, schema and tests as one whole, validated at once; the answer names it by its "
                + "digest. What cannot be read is refused with findings; what is read but not valid is recorded as such.")
            .RequirePermission(Scopes.PolicyAuthor)
            .Accepts<DraftRequest>("application/json").Produces<DraftAnswer>(201).Produces<DraftAnswer>().ProducesProblem(409)
            .ProducesProblem(413).WithAnswerHeader("Location", 201, 200);

    static async Task<IResult> Post(HttpContext http, CommandContext context, PolicySteps steps, CandidateTexts texts)
    {
        var request = await RequestBody.ReadAsync(http, PolicyHttpJson.Default.DraftRequest, Limit);
        var (candidate, findings) = await texts.ReadAsync(request.Read(), context.Cancel);
        if (candidate is null) return Problems.Answer(PolicyProblems.Unreadable(findings));

        request.CheckIds(candidate.Policies);
        var command = new DraftPolicy(candidate, request.Note);
        var recorded = await steps.DecideAsync(
            context, $"draft\n{candidate.Digest}\n{request.Note}",
            (life, now) => DraftPolicy.Decide(command, life, context.Caller.Subject, now));
        return recorded.Problem is { } refusal
            ? Problems.Answer(refusal)
            : JsonAnswer.Write(
                recorded.Repeated ? 200 : 201, DraftAnswer.Of(recorded), PolicyHttpJson.Default.DraftAnswer, recorded.Position,
                $"/v1/policy/candidates/{candidate.Digest}");
    }
}
