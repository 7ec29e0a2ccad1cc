using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentGate;

/// <summary>A toy MCP server: it does whatever it is told, which is why a gateway stands in front of it.</summary>
static class ShopServer
{
    public static JsonNode Answer(JsonElement message)
    {
        var parameters = message.TryGetProperty("params", out var given) ? given : default;
        return message.GetProperty("method").GetString() switch
        {
            "initialize" => new JsonObject { ["protocolVersion"] = "2025-06-18", ["serverInfo"] = new JsonObject { ["name"] = "shop" } },
            "tools/list" => new JsonObject { ["tools"] = new JsonArray("find_order", "refund_order", "close_account") },
            "tools/call" => Text(parameters.GetProperty("name").GetString() switch
            {
                "find_order" => "order 1001: a kettle, 39 euros, arrived broken",
                "refund_order" => "39 euros go back for order 1001",
                var tool => $"{tool} is done",
            }),
            "resources/read" => Text("terms of sale: broken goods are refunded"),
            _ => new JsonObject(),
        };
    }

    static JsonObject Text(string text) =>
        new() { ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }) };
}
