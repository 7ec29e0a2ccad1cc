using System.Text.Json;
using System.Text.Json.Nodes;
using AgentGate;

// An agent works through a plan, over MCP; a gateway asks Stet about each step: most may be done, some may not, and one
// waits for a person. Needs the service: dotnet run --project src/Stet. Another address than its default is the first
// argument.

var url = new Uri(args.FirstOrDefault() ?? "http://127.0.0.1:8080");
using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
using var stet = new StetClient(url);
try
{
    await TellAsync(stet, stop.Token);
    return 0;
}
catch (HttpRequestException e)
{
    Console.Error.WriteLine($"Stet at {url} does not take part: {e.Message}");
    Console.Error.WriteLine("Start it with: dotnet run --project src/Stet");
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine($"Stet at {url} takes too long to answer.");
    return 1;
}

static async Task TellAsync(StetClient stet, CancellationToken cancel)
{
    // The gateway has verified this token: the agent `support-bot` acts for Ada.
    var token = new AccessToken(Subject: "ada", Agent: "support-bot", Audience: "https://mcp.shop.example");
    var gateway = new Gateway(stet, ShopServer.Answer);

    Say("Gateway", $"before there are rules: {await CallAsync(gateway, token, "tools/list", null, cancel)}");
    Say("Alice", $"drafts the rules for agents, {(await Setup.RunAsync(stet, cancel))[..12]}; Bob and Carol approve; they are in force");

    await StepAsync("say hello", "initialize", new JsonObject { ["protocolVersion"] = "2025-06-18" });
    await StepAsync("see what tools there are", "tools/list", null);
    await StepAsync("look at Ada's order", "tools/call", Tool("find_order"));
    await StepAsync("read the terms", "resources/read", new JsonObject { ["uri"] = "shop://terms" });
    await StepAsync("look at salaries, out of curiosity", "resources/read", new JsonObject { ["uri"] = "hr://salaries" });
    await StepAsync("export all orders", "tools/call", Tool("export_orders"));

    var refund = StepAsync("refund the kettle", "tools/call", Tool("refund_order"));
    Say("Carol", $"sees that {await stet.ApproveWaitingAsync("carol", cancel)} waits for a person, and approves");
    await refund;

    await StepAsync("try a trick that nobody thought of", "tools/uninstall", Tool("find_order"));
    Say("Stray", $"list the tools, with a token of Ada's: {await CallAsync(gateway, token with { Agent = "stray-bot" }, "tools/list", null, cancel)}");
    Say("Stet", await stet.ReplayAsync(cancel));

    async Task StepAsync(string plan, string method, JsonObject? parameters) =>
        Say("Agent", $"{plan}: {await CallAsync(gateway, token, method, parameters, cancel)}");
}

static JsonObject Tool(string name) => new() { ["name"] = name, ["arguments"] = new JsonObject() };

// What the agent's language model would read.
static async Task<string> CallAsync(Gateway gateway, AccessToken token, string method, JsonObject? parameters, CancellationToken cancel)
{
    var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method };
    if (parameters is not null) message["params"] = parameters;
    var answer = (await gateway.HandleAsync(JsonSerializer.SerializeToElement(message), token, cancel))!;
    return answer["error"] is { } error
        ? $"{error["message"]} ({error["code"]})"
        : answer["result"]!["content"]?[0]?["text"]?.ToString() ?? answer["result"]!.ToJsonString();
}

static void Say(string who, string what) => Console.WriteLine($"{who + ":",-9} {what}");
