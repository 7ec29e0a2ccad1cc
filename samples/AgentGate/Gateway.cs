using System.Text.Json;
using System.Text.Json.Nodes;
using Stet.Client.Api;

namespace AgentGate;

/// <summary>
/// Stands in front of an MCP server and lets pass what Stet allows. What could be allowed by a person is held until one has
/// decided. It can do no obligations, so an answer that asks for one is a no.
/// </summary>
sealed class Gateway(IDecisionPoint stet, Func<JsonElement, JsonNode> server)
{
    /// <summary>Answers one message; null for a notification.</summary>
    public async Task<JsonObject?> HandleAsync(JsonElement message, AccessToken token, CancellationToken cancel)
    {
        var answer = McpMapping.Map(message, token) switch
        {
            McpQuestion.None => Forward(message),
            McpQuestion.Asked asked => await AskAsync(message, asked.Question, cancel),
            McpQuestion.Refused refused => JsonRpc.Error(message, refused.Code, refused.Message),
            var other => throw new InvalidOperationException($"{other} is no question"),
        };
        return JsonRpc.IsNotification(message) ? null : answer;
    }

    async Task<JsonObject> AskAsync(JsonElement message, Evaluation question, CancellationToken cancel)
    {
        try
        {
            var decision = await stet.EvaluateAsync(question, cancel);
            if (decision.IsRequestable && await stet.RequestAsync(question, decision, cancel) is { } approval)
                decision = await stet.EvaluateAsync(question.With(approval), cancel);

            return decision.IsPlainAllow ? Forward(message) : JsonRpc.Error(message, JsonRpc.Denied, "Denied.");
        }
        catch (Exception e) when (e is HttpRequestException or StetException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return JsonRpc.Error(message, JsonRpc.InternalError, "Nobody can decide about this now: try again later.");
        }
    }

    JsonObject Forward(JsonElement message) => JsonRpc.Result(message, server(message));
}

/// <summary>Who decides.</summary>
interface IDecisionPoint
{
    Task<Decision> EvaluateAsync(Evaluation question, CancellationToken cancel);

    /// <summary>Asks a person to allow what was denied, and waits for the outcome.</summary>
    /// <returns>The approval to ask again with; null when it was not given.</returns>
    Task<AccessApproval?> RequestAsync(Evaluation question, Decision denial, CancellationToken cancel);
}

/// <summary>Stet does.</summary>
sealed class DecisionPoint(DecisionsClient decisions) : IDecisionPoint
{
    static readonly TimeSpan betweenLooks = TimeSpan.FromMilliseconds(200);

    public async Task<Decision> EvaluateAsync(Evaluation question, CancellationToken cancel) =>
        (await decisions.EvaluateAsync(question, cancel: cancel)).Value;

    public async Task<AccessApproval?> RequestAsync(Evaluation question, Decision denial, CancellationToken cancel)
    {
        var answer = (await decisions.RequestAccessAsync(question, denial, cancel: cancel)).Value;
        while (answer.Task.Status == AccessStatus.Pending)
        {
            await Task.Delay(betweenLooks, cancel);
            answer = (await decisions.AccessAsync(answer.Task.Id, cancel: cancel)).Value;
        }

        return answer.Result?.Approval;
    }
}
