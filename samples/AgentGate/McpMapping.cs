using System.Text.Json;
using System.Text.Json.Nodes;
using Stet.Client.Api;

namespace AgentGate;

/// <summary>What an access token says, once it has been verified.</summary>
/// <param name="Subject"><c>sub</c>: on whose behalf.</param>
/// <param name="Agent"><c>client_id</c>: who acts; null when the token names no client.</param>
/// <param name="Audience"><c>aud</c>: the MCP server that it is for.</param>
sealed record AccessToken(string Subject, string? Agent, string Audience);

/// <summary>What an MCP message asks of a decision point.</summary>
abstract record McpQuestion
{
    /// <summary>Nothing: it passes.</summary>
    public sealed record None : McpQuestion;

    /// <summary>This.</summary>
    public sealed record Asked(Evaluation Question) : McpQuestion;

    /// <summary>It cannot be asked about, and so does not pass.</summary>
    public sealed record Refused(int Code, string Message) : McpQuestion;
}

/// <summary>
/// The fixed mapping of MCP messages to AuthZEN requests (OpenID AuthZEN, MCP binding, draft). Mappings that tools declare
/// themselves are not read: this gateway asks about every tool by its name.
/// </summary>
static class McpMapping
{
    public static McpQuestion Map(JsonElement message, AccessToken token)
    {
        if (message.ValueKind != JsonValueKind.Object || Text(message, "jsonrpc") != "2.0" || Text(message, "method") is not { } method)
            return new McpQuestion.Refused(JsonRpc.InvalidRequest, "This is no JSON-RPC 2.0 message.");

        var parameters = message.TryGetProperty("params", out var given) ? given : default;
        return method switch
        {
            "ping" => new McpQuestion.None(),
            _ when method.StartsWith("notifications/", StringComparison.Ordinal) => new McpQuestion.None(),

            "initialize" => Ask("mcp_server", token.Audience, ("protocol_version", Text(parameters, "protocolVersion"))),
            "logging/setLevel" => Ask("mcp_server", token.Audience, ("level", Text(parameters, "level"))),
            "tools/list" or "resources/list" or "resources/templates/list" or "prompts/list" or "tasks/list" =>
                Ask("mcp_server", token.Audience),

            "tools/call" => Ask("tool", Text(parameters, "name")),
            "resources/read" or "resources/subscribe" or "resources/unsubscribe" => Ask("resource", Text(parameters, "uri")),
            "prompts/get" => Ask("prompt", Text(parameters, "name")),
            "tasks/get" or "tasks/result" or "tasks/cancel" => Ask("task", Text(parameters, "taskId")),
            "completion/complete" => Completion(),

            _ => new McpQuestion.Refused(JsonRpc.Denied, "Nothing decides about this method, so it is denied."),
        };

        McpQuestion Completion()
        {
            var reference = parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("ref", out var named) ? named : default;
            return Text(reference, "type") switch
            {
                "ref/prompt" => Ask("prompt", Text(reference, "name")),
                "ref/resource" => Ask("resource", Text(reference, "uri")),
                _ => Ask("prompt", id: null),
            };
        }

        McpQuestion Ask(string type, string? id, params ReadOnlySpan<(string Name, string? Value)> circumstances)
        {
            var context = new JsonObject();
            if (token.Agent is not null) context["agent"] = token.Agent;
            var isComplete = id is not null;
            foreach (var (name, value) in circumstances)
            {
                context[name] = value;
                isComplete &= value is not null;
            }

            return isComplete
                ? new McpQuestion.Asked(
                    new Evaluation(new Entity("identity", token.Subject), method, new Entity(type, id!)) { Context = context })
                : new McpQuestion.Refused(JsonRpc.InvalidParameters, $"`{method}` lacks what it is about.");
        }
    }

    static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var text)
        && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value ? value : null;
}

/// <summary>Codes and answers of JSON-RPC 2.0, and what the MCP binding adds to them.</summary>
static class JsonRpc
{
    public const int InvalidRequest = -32600;

    /// <summary>Also: the message could not be mapped to a question.</summary>
    public const int InvalidParameters = -32602;

    /// <summary>Also: the decision point did not answer.</summary>
    public const int InternalError = -32603;

    public const int Denied = -32001;

    public static JsonObject Result(JsonElement message, JsonNode result) =>
        new() { ["jsonrpc"] = "2.0", ["id"] = IdOf(message), ["result"] = result };

    public static JsonObject Error(JsonElement message, int code, string text) =>
        new() { ["jsonrpc"] = "2.0", ["id"] = IdOf(message), ["error"] = new JsonObject { ["code"] = code, ["message"] = text } };

    /// <summary>Notifications are never answered.</summary>
    public static bool IsNotification(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && !message.TryGetProperty("id", out _);

    static JsonNode? IdOf(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? JsonNode.Parse(id.GetRawText())
            : null;
}
