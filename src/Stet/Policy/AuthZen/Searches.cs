using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.Decisions;

namespace Stet.Policy.AuthZen;

/// <summary>
/// Answers searches: of the candidates known at one position, in ordinal order, those that evaluate to true. All pages of
/// a listing show that position, and each is on record.
/// </summary>
sealed class Searches(Commands commands, DecisionRecorder recorder, PastDecisions past)
{
    /// <summary>A page ends after so many candidates, even with fewer results: it is answered in bounded time.</summary>
    const int MostCandidates = 10_000;

    /// <summary>Answers one page of the present, or of a listing that goes on.</summary>
    public async Task AnswerAsync(HttpContext http, Caller caller, SearchKind kind, long? asOf)
    {
        using var body = await AuthZenBody.ReadAsync(http);
        AuthZenPaths.AtHome(http, caller);
        var search = AskedSearch.Read(kind, body.RootElement);
        var context = Evaluations.Context(http, caller);
        if (await commands.TenantAsync(context) is not { } tenant) throw new BadRequestException(AuthZenProblems.UnknownTenant);

        var token = TokenOf(search, tenant);
        if (token is not null && (token.IsPast ? token.AsOf : (long?)null) != asOf) throw new BadRequestException(AuthZenProblems.TokenRefused);
        if (asOf is { } position)
        {
            var basis = await past.BasisAsync(caller.TenantId, PastDecisions.PepOf(http, caller), [], position, http.RequestAborted);
            http.Response.Headers["Stet-As-Of"] = position.ToString(CultureInfo.InvariantCulture);
            await WriteAsync(http, tenant, search, Take(basis, search, token, http.RequestAborted), position, basis.Now);
        }
        else if (token is null) await AnswerFirstAsync(http, tenant, search, context);
        else await AnswerNextAsync(http, tenant, search, context, token);
    }

    async Task AnswerFirstAsync(HttpContext http, Tenant tenant, AskedSearch search, CommandContext context)
    {
        var requestId = AuthZenPaths.RequestIdOf(http);
        var ((page, now), results) = await recorder.RecordAsync<(SearchPage Page, DateTimeOffset Now)>(
            tenant, context.Caller.Subject, [], context.Metadata, context.Receipt,
            basis =>
            {
                var taken = Take(basis, search, null, http.RequestAborted);
                return ((taken, basis.Now), [Command(tenant, Event(basis, search, taken, requestId, after: null))]);
            },
            http.RequestAborted);
        await WriteAsync(http, tenant, search, page, results[0].Position, now);
    }

    /// <summary>The position and the time are those of the first page; who asks is looked at anew.</summary>
    async Task AnswerNextAsync(HttpContext http, Tenant tenant, AskedSearch search, CommandContext context, PageToken token)
    {
        var basis = await past.BasisAsync(tenant.Id, context.Caller.Subject, [], token.AsOf, token.Now, http.RequestAborted);
        var present = await recorder.BasisAsync(tenant, context.Caller.Subject, http.RequestAborted);
        basis = basis with { Pep = present.Pep };
        var page = Take(basis, search, token, http.RequestAborted);
        var results = await recorder.RecordAsync(
            tenant, context.Metadata, context.Receipt, Command(tenant, Event(basis, search, page, AuthZenPaths.RequestIdOf(http), token.After)),
            http.RequestAborted);
        await WriteAsync(http, tenant, search, page, token.AsOf, token.Now, results[0].Position);
    }

    static PageToken? TokenOf(AskedSearch search, Tenant tenant)
    {
        if (search.Token is null) return null;

        return PageToken.Read(tenant, search.Token) is { } token && token.Query == search.Digest
            && (search.Limit is null || search.Limit == token.Limit)
                ? token
                : throw new BadRequestException(AuthZenProblems.TokenRefused);
    }

    /// <summary>Takes the decisions of one page.</summary>
    static SearchPage Take(DecisionBasis basis, AskedSearch search, PageToken? token, CancellationToken cancel)
    {
        var limit = token?.Limit ?? search.Limit ?? AskedSearch.DefaultLimit;
        var question = search.Question;
        var supported = Evaluations.SupportedBy(question.Context);
        var candidates = CandidatesOf(basis, search);
        var start = token is null ? 0 : AfterIn(candidates, token.After);
        var results = new List<string>();
        var next = start;
        while (next < candidates.Length && results.Count < limit && next - start < MostCandidates)
        {
            cancel.ThrowIfCancellationRequested(); // nobody waits for what may take long
            var candidate = candidates[next++];
            var asked = search.Kind switch
            {
                SearchKind.Subject => question with { Subject = question.Subject with { Id = candidate } },
                SearchKind.Resource => question with { Resource = question.Resource with { Id = candidate } },
                _ => question with { Action = candidate },
            };
            if (basis.Decide(asked, supported).Effective.Decision) results.Add(candidate);
        }

        // A limit of 0 looks at no candidate: the token then stands before the first.
        var goesOn = next < candidates.Length;
        return new SearchPage(results, limit, goesOn ? (next > start ? candidates[next - 1] : token?.After ?? "") : null);
    }

    /// <summary>In ordinal order; none for types that the schema does not serve.</summary>
    static ReadOnlySpan<string> CandidatesOf(DecisionBasis basis, AskedSearch search)
    {
        if (basis.Policy is not { } policy) return [];

        var schema = AuthZenSchema.Of(policy.Schema);
        if (!schema.TryGetType(search.Question.Subject.Type, out var subject)
            || !schema.TryGetType(search.Question.Resource.Type, out var resource)) return [];

        return search.Kind switch
        {
            SearchKind.Subject => basis.Entities.IdsOf(subject.Name),
            SearchKind.Resource => basis.Entities.IdsOf(resource.Name),
            _ => schema.ActionsFor(subject.Name, resource.Name).ToArray(),
        };
    }

    static int AfterIn(ReadOnlySpan<string> candidates, string after)
    {
        var at = candidates.BinarySearch(after, StringComparer.Ordinal);
        return at < 0 ? ~at : at + 1;
    }

    static StreamCommand<NoState> Command(Tenant tenant, SearchAnswered e) =>
        new(DecisionRecorder.SearchesState, tenant.StreamId("policy_searches", e.Pep.Id), (_, _) => [e]);

    static SearchAnswered Event(DecisionBasis basis, AskedSearch search, SearchPage page, string? requestId, string? after)
    {
        var results = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(results, JsonAnswer.Readable)) WriteResults(json, search, page.Results);
        var canonical = new ArrayBufferWriter<byte>(results.WrittenCount + 16);
        AuditLog.CanonicalJson.TryWrite(results.WrittenSpan, canonical, out _);
        return new SearchAnswered(
            search.Name, requestId, basis.SupportOf(Evaluations.SupportedBy(search.Question.Context)), search.Query,
            basis.Policy?.PolicySetDigest, basis.Policy?.SchemaDigest, basis.Entities.Position, basis.AsOf, basis.Now, after,
            page.Results.Count, Convert.ToHexStringLower(SHA256.HashData(canonical.WrittenSpan)));
    }

    static Task WriteAsync(
        HttpContext http, Tenant tenant, AskedSearch search, SearchPage page, long asOf, DateTimeOffset now, long? position = null)
    {
        var isPast = http.Response.Headers.ContainsKey("Stet-As-Of");
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, JsonAnswer.Readable))
        {
            json.WriteStartObject();
            json.WriteStartObject("page"u8);
            json.WriteString("next_token"u8, page.Last is { } last
                ? new PageToken(asOf, now, page.Limit, search.Digest, last, isPast).Write(tenant)
                : "");
            json.WriteNumber("count"u8, page.Results.Count);
            json.WriteEndObject();
            if (isPast)
            {
                json.WriteStartObject("context"u8);
                json.WriteNumber("as_of"u8, asOf);
                json.WriteEndObject();
            }

            json.WritePropertyName("results"u8);
            WriteResults(json, search, page.Results);
            json.WriteEndObject();
        }

        return AnswerWriter.SendAsync(http, body.WrittenMemory, position ?? asOf);
    }

    static void WriteResults(Utf8JsonWriter json, AskedSearch search, List<string> results)
    {
        var type = search.Kind == SearchKind.Subject ? search.Question.Subject.Type : search.Question.Resource.Type;
        json.WriteStartArray();
        foreach (var result in results)
        {
            json.WriteStartObject();
            if (search.Kind == SearchKind.Action) json.WriteString("name"u8, result);
            else
            {
                json.WriteString("type"u8, type);
                json.WriteString("id"u8, result);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <param name="Results">Ids, or names of actions.</param>
    /// <param name="Limit">Results at most.</param>
    /// <param name="Last">The candidate that the next page goes on behind; null on the last page.</param>
    sealed record SearchPage(List<string> Results, int Limit, string? Last);
}
