using System.Text.Json;
using System.Text.Json.Nodes;
using AgentGate;
using Stet.Client.Api;

namespace Stet.Tests.Samples;

/// <summary>The mapping of the sample's gateway, method by method.</summary>
public sealed class McpMappingSpecs
{
    static readonly AccessToken token = new("ada", "support-bot", "https://mcp.example.com");

    [Theory]
    [InlineData("tools/call", """{"name": "find_order", "arguments": {}}""", "tool", "find_order")]
    [InlineData("resources/read", """{"uri": "shop://terms"}""", "resource", "shop://terms")]
    [InlineData("resources/subscribe", """{"uri": "shop://terms"}""", "resource", "shop://terms")]
    [InlineData("resources/unsubscribe", """{"uri": "shop://terms"}""", "resource", "shop://terms")]
    [InlineData("prompts/get", """{"name": "greeting"}""", "prompt", "greeting")]
    [InlineData("tasks/get", """{"taskId": "t-1"}""", "task", "t-1")]
    [InlineData("tasks/result", """{"taskId": "t-1"}""", "task", "t-1")]
    [InlineData("tasks/cancel", """{"taskId": "t-1"}""", "task", "t-1")]
    [InlineData("completion/complete", """{"ref": {"type": "ref/prompt", "name": "greeting"}}""", "prompt", "greeting")]
    [InlineData("completion/complete", """{"ref": {"type": "ref/resource", "uri": "shop://terms"}}""", "resource", "shop://terms")]
    [InlineData("tools/list", "{}", "mcp_server", "https://mcp.example.com")]
    [InlineData("resources/list", "{}", "mcp_server", "https://mcp.example.com")]
    [InlineData("resources/templates/list", "{}", "mcp_server", "https://mcp.example.com")]
    [InlineData("prompts/list", "{}", "mcp_server", "https://mcp.example.com")]
    [InlineData("tasks/list", "{}", "mcp_server", "https://mcp.example.com")]
    public void A_method_becomes_a_question(string method, string parameters, string type, string id) =>
        Asked(method, parameters).ShouldBe(Question(method, type, id, """{"agent": "support-bot"}"""));

    [Fact]
    public void An_initialization_tells_the_protocol_version() =>
        Asked("initialize", """{"protocolVersion": "2025-06-18"}""").ShouldBe(Question(
            "initialize", "mcp_server", "https://mcp.example.com", """{"agent": "support-bot", "protocol_version": "2025-06-18"}"""));

    [Fact]
    public void A_log_level_is_told() =>
        Asked("logging/setLevel", """{"level": "debug"}""").ShouldBe(Question(
            "logging/setLevel", "mcp_server", "https://mcp.example.com", """{"agent": "support-bot", "level": "debug"}"""));

    [Fact]
    public void A_token_without_a_client_names_no_agent() =>
        McpMapping.Map(Message("tools/list", "{}"), token with { Agent = null })
            .ShouldBeOfType<McpQuestion.Asked>().Question.Context!.ToJsonString().ShouldBe("{}");

    [Theory]
    [InlineData("ping")]
    [InlineData("notifications/initialized")]
    [InlineData("notifications/cancelled")]
    public void Some_messages_pass_without_a_question(string method) =>
        McpMapping.Map(Message(method, "{}"), token).ShouldBeOfType<McpQuestion.None>();

    [Theory]
    [InlineData("tools/call", "{}")]
    [InlineData("tools/call", """{"name": ""}""")]
    [InlineData("tools/call", """{"name": 7}""")]
    [InlineData("tools/call", "[]")]
    [InlineData("resources/read", """{"name": "find_order"}""")]
    [InlineData("prompts/get", "{}")]
    [InlineData("tasks/get", "{}")]
    [InlineData("completion/complete", "{}")]
    [InlineData("completion/complete", """{"ref": {"type": "ref/tool", "name": "find_order"}}""")]
    [InlineData("initialize", "{}")]
    [InlineData("logging/setLevel", "{}")]
    public void What_cannot_be_mapped_is_an_invalid_parameter(string method, string parameters) =>
        McpMapping.Map(Message(method, parameters), token).ShouldBeOfType<McpQuestion.Refused>().Code.ShouldBe(-32602);

    [Theory]
    [InlineData("tools/uninstall")]
    [InlineData("sampling/createMessage")]
    [InlineData("Tools/call")]
    public void Any_other_method_is_denied(string method) =>
        McpMapping.Map(Message(method, "{}"), token).ShouldBeOfType<McpQuestion.Refused>().Code.ShouldBe(-32001);

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"method": "ping"}""")]
    [InlineData("""{"jsonrpc": "1.0", "method": "ping"}""")]
    [InlineData("""{"jsonrpc": "2.0"}""")]
    public void What_is_no_message_is_refused(string json) =>
        McpMapping.Map(JsonDocument.Parse(json).RootElement, token).ShouldBeOfType<McpQuestion.Refused>().Code.ShouldBe(-32600);

    static (Evaluation Question, string Context) Asked(string method, string parameters)
    {
        var question = McpMapping.Map(Message(method, parameters), token).ShouldBeOfType<McpQuestion.Asked>().Question;
        return (question with { Context = null }, question.Context!.ToJsonString());
    }

    static (Evaluation Question, string Context) Question(string method, string type, string id, string context) =>
        (new Evaluation(new Entity("identity", "ada"), method, new Entity(type, id)), JsonNode.Parse(context)!.ToJsonString());

    static JsonElement Message(string method, string parameters) =>
        JsonDocument.Parse($$"""{"jsonrpc": "2.0", "id": 1, "method": "{{method}}", "params": {{parameters}}}""").RootElement;
}
