using System.Text.Json;
using System.Text.Json.Nodes;

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
            McpQuestion.Evaluation question => await AskAsync(message, question.Body, cancel),
            McpQuestion.Refused refused => JsonRpc.Error(message, refused.Code, refused.Message),
            var other => throw new InvalidOperationException($"{other} is no question"),
        };
        return JsonRpc.IsNotification(message) ? null : answer;
    }

    async Task<JsonObject> AskAsync(JsonElement message, JsonObject question, CancellationToken cancel)
    {
        try
        {
            var answer = await stet.EvaluateAsync(question, cancel);
            if (answer.Requestable is { } denial && await stet.RequestAsync(question, denial, cancel) is { } approval)
            {
                question["context"]!["approval"] = approval;
                answer = await stet.EvaluateAsync(question, cancel);
            }

            return answer.IsPlainAllow ? Forward(message) : JsonRpc.Error(message, JsonRpc.Denied, "Denied.");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return JsonRpc.Error(message, JsonRpc.InternalError, "Nobody can decide about this now: try again later.");
        }
    }

    JsonObject Forward(JsonElement message) => JsonRpc.Result(message, server(message));
}

/// <summary>Who decides, over AuthZEN.</summary>
interface IDecisionPoint
{
    Task<Answer> EvaluateAsync(JsonObject question, CancellationToken cancel);

    /// <summary>Asks a person to allow what was denied, and waits for the outcome.</summary>
    /// <returns>The approval to ask again with; null when it was not given.</returns>
    Task<JsonNode?> RequestAsync(JsonObject question, Denial denial, CancellationToken cancel);
}

/// <summary>A decision.</summary>
/// <param name="Decision">Whether it is a yes.</param>
/// <param name="Obligations">How much it asks of the enforcement point.</param>
/// <param name="Requestable">What an access request refers to; null when there is no use in one.</param>
sealed record Answer(bool Decision, int Obligations, Denial? Requestable)
{
    /// <summary>A yes that nothing hangs on.</summary>
    public bool IsPlainAllow => Decision && Obligations == 0;
}

/// <summary>Names a denial that a person can turn.</summary>
/// <param name="EvaluationId">Of the decision.</param>
/// <param name="ExpiresAt">Until when it may be referred to, as it was written.</param>
sealed record Denial(string EvaluationId, string ExpiresAt);
