using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Stet.Audit;
using Stet.Authentication;
using Stet.EventStore;
using Stet.Http;
using Stet.Policy.AccessRequests;
using Stet.Policy.Decisions;

namespace Stet.Policy.AuthZen;

/// <summary>Answers questions and batches of them, of the present and of a past.</summary>
sealed class Evaluations(Commands commands, DecisionRecorder recorder, PastDecisions past)
{
    const int MostItems = 1_000;

    /// <summary>What all items of a batch may come to when each has the defaults, as each is recorded.</summary>
    const long MostBytes = 8 * 1024 * 1024;

    /// <summary>Answers one question.</summary>
    public async Task AnswerAsync(HttpContext http, Caller caller, long? asOf)
    {
        var since = Stopwatch.GetTimestamp();
        using var body = await AuthZenBody.ReadAsync(http);
        await AnswerAsync(http, AuthZenPaths.AtHome(http, caller), body.RootElement, AskedOptions.Of(body.RootElement), asOf, since);
    }

    /// <summary>Answers a batch; one without items is a single question.</summary>
    public async Task AnswerAllAsync(HttpContext http, Caller caller, long? asOf)
    {
        var since = Stopwatch.GetTimestamp();
        var (body, broken) = await AuthZenBody.ReadBatchAsync(http);
        using var _ = body;
        AuthZenPaths.AtHome(http, caller);
        var (defaults, options) = (body.RootElement, AskedOptions.Of(body.RootElement));
        if (!defaults.TryGetProperty("evaluations"u8, out var items) || items.ValueKind == JsonValueKind.Null
            || (items.ValueKind == JsonValueKind.Array && items.GetArrayLength() == 0))
        {
            await AnswerAsync(http, caller, defaults, options, asOf, since);
            return;
        }

        if (items.ValueKind != JsonValueKind.Array) throw AuthZenBody.Bad("/evaluations", "must be a list");
        if (items.GetArrayLength() > MostItems) throw AuthZenBody.Bad("/evaluations", $"may hold at most {MostItems} items");
        if (Size(defaults, items) > MostBytes)
            throw AuthZenBody.Bad("/evaluations", "comes to more than 8 MiB when each item has the defaults: send fewer items at once");

        var requestId = AuthZenPaths.RequestIdOf(http);
        if (asOf is { } position)
        {
            var basis = await past.BasisAsync(
                caller.TenantId, PastDecisions.PepOf(http, caller), Approvals.IdsIn(defaults), position, http.RequestAborted);
            http.Response.Headers["Stet-As-Of"] = position.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await AnswerWriter.WriteAsync(http, Take(basis, defaults, items, broken, options), position);
            return;
        }

        var context = Context(http, caller);
        var tenant = await TenantAsync(context);
        Guid? batch = null;
        var (answers, results) = await recorder.RecordAsync(
            tenant, caller.Subject, Approvals.IdsIn(defaults), context.Metadata, context.Receipt,
            basis =>
            {
                var taken = Take(basis, defaults, items, broken, options);
                var recorded = new StreamCommand[taken.Length];
                for (var i = 0; i < taken.Length; i++)
                    recorded[i] = Command(tenant, taken[i].Taken.Event(basis, i, requestId), now => batch ??= Guid.CreateVersion7(now));
                return (taken, recorded);
            },
            http.RequestAborted);
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = answers[i] with { EvaluationId = IdOf(results[i]) };
            DecisionMetrics.Answered(answers[i].Taken.Effective.Class, since);
        }

        await AnswerWriter.WriteAsync(http, answers, results[^1].Position);
    }

    async Task AnswerAsync(HttpContext http, Caller caller, JsonElement body, AskedOptions options, long? asOf, long since)
    {
        if (new AskedReader(body, default).Read(out var asked) is { } problem) throw AuthZenBody.Bad(problem.Pointer, problem.Message);

        var supported = SupportedBy(asked.Context);
        if (asOf is { } position)
        {
            var basis = await past.BasisAsync(
                caller.TenantId, PastDecisions.PepOf(http, caller), Approvals.IdsIn(body), position, http.RequestAborted);
            http.Response.Headers["Stet-As-Of"] = position.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await AnswerWriter.WriteAsync(
                http, new Answer(basis, basis.Decide(asked, supported), null, null, options.Explain || basis.Pep.Explain), position);
            return;
        }

        var context = Context(http, caller);
        var tenant = await TenantAsync(context);
        var requestId = AuthZenPaths.RequestIdOf(http);
        var (answer, results) = await recorder.RecordAsync<Answer>(
            tenant, caller.Subject, Approvals.IdsIn(body), context.Metadata, context.Receipt,
            basis =>
            {
                var taken = basis.Decide(asked, supported);
                return (
                    new Answer(basis, taken, null, null, options.Explain || basis.Pep.Explain),
                    [Command(tenant, taken.Event(basis, null, requestId), batch: null)]);
            },
            http.RequestAborted);
        answer = answer with { EvaluationId = IdOf(results[0]) };
        DecisionMetrics.Answered(answer.Taken.Effective.Class, since);
        await AnswerWriter.WriteAsync(http, answer, results[0].Position);
    }

    static long Size(JsonElement body, JsonElement items)
    {
        long defaults = 0;
        foreach (var name in (string[])["subject", "action", "resource", "context"])
            if (body.TryGetProperty(name, out var member)) defaults += JsonMarshal.GetRawUtf8Value(member).Length;
        return JsonMarshal.GetRawUtf8Value(items).Length + (defaults * items.GetArrayLength());
    }

    /// <summary>Takes the decisions of a batch, up to the item that ends it.</summary>
    static Answer[] Take(
        DecisionBasis basis, JsonElement defaults, JsonElement items, IReadOnlyDictionary<int, string> broken, AskedOptions options)
    {
        var answers = new List<Answer>(items.GetArrayLength());
        foreach (var item in items.EnumerateArray())
        {
            var isObject = item.ValueKind == JsonValueKind.Object;
            var reader = new AskedReader(item, isObject ? defaults : default);
            var problem = reader.Read(out var asked);
            if (!isObject) problem = new AskedProblem("/evaluations", "holds an item that is no object");
            if (broken.TryGetValue(answers.Count, out var unread)) problem = new AskedProblem($"/evaluations/{answers.Count}", unread);
            var answer = problem is { } wrong
                ? new Answer(basis, basis.Refuse(reader.ReadSoundParts(), wrong), wrong, null, Explains: false)
                : new Answer(basis, basis.Decide(asked, SupportedBy(asked.Context)), null, null, options.Explain || basis.Pep.Explain);
            answers.Add(answer);

            var isAllowed = answer.Taken.Effective.Decision;
            if (options.Semantic == BatchSemantic.DenyOnFirstDeny && !isAllowed) break;
            if (options.Semantic == BatchSemantic.PermitOnFirstPermit && isAllowed) break;
        }

        return [.. answers];
    }

    /// <summary>A command that records a decision under ids of its time.</summary>
    static StreamCommand<NoState> Command(Tenant tenant, DecisionRecorded e, Func<DateTimeOffset, Guid>? batch) => new(
        DecisionRecorder.DecisionsState, DecisionRecorder.StreamOf(tenant, e.Request.Subject.Type, e.Request.Subject.Id),
        (_, now) => [e with { EvaluationId = Guid.CreateVersion7(now), BatchId = batch?.Invoke(now) }]);

    static Guid IdOf(AppendResult result) => result.Outcome switch
    {
        AppendOutcome.Recorded => ((DecisionRecorded)result.Events[0].Data).EvaluationId,
        AppendOutcome.UnknownTenant => throw new BadRequestException(AuthZenProblems.UnknownTenant),
        _ => throw new InvalidOperationException($"a decision came to {result.Outcome}"),
    };

    /// <summary>Types of obligations that a request says are supported; what is no text is no type.</summary>
    internal static IReadOnlyCollection<string> SupportedBy(JsonElement context)
    {
        if (context.ValueKind != JsonValueKind.Object || !context.TryGetProperty("supported_obligations"u8, out var types)
            || types.ValueKind != JsonValueKind.Array)
            return [];

        return [.. types.EnumerateArray().Where(type => type.ValueKind == JsonValueKind.String).Select(type => type.GetString()!)];
    }

    internal static CommandContext Context(HttpContext http, Caller caller) => new(
        caller, CommandContext.MetadataOf(http, "enforcer", caller.Subject), null, ReceiptRequest.Of(http), http.RequestAborted);

    async ValueTask<Tenant> TenantAsync(CommandContext context) =>
        await commands.TenantAsync(context) ?? throw new BadRequestException(AuthZenProblems.UnknownTenant);
}
