using System.Text.Json;
using System.Text.Json.Nodes;
using AgentGate;
using Stet.Client.Api;

// An agent works through a plan, over MCP; a gateway asks Stet about each step: most may be done, some may not, and one
// waits for a person. Needs the service: dotnet run --project src/Stet. Another address than its default is the first
// argument.

var url = new Uri(args.FirstOrDefault() ?? "http://127.0.0.1:8080");
using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
using var people = new People(url);
try
{
    await TellAsync(people, stop.Token);
    return 0;
}
catch (Exception e) when (e is HttpRequestException or StetException)
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

static async Task TellAsync(People people, CancellationToken cancel)
{
    // The gateway has verified this token: the agent `support-bot` acts for Ada.
    var token = new AccessToken(Subject: "ada", Agent: "support-bot", Audience: "https://mcp.shop.example");
    var gateway = new Gateway(new DecisionPoint(people.As("gateway").Decisions), ShopServer.Answer);

    Say("Gateway", $"before there are rules: {await CallAsync(gateway, token, "tools/list", null, cancel)}");
    Say("Alice", $"drafts the rules for agents, {(await Setup.RunAsync(people, cancel))[..12]}; Bob and Carol approve; they are in force");

    await StepAsync("say hello", "initialize", new JsonObject { ["protocolVersion"] = "2025-06-18" });
    await StepAsync("see what tools there are", "tools/list", null);
    await StepAsync("look at Ada's order", "tools/call", Tool("find_order"));
    await StepAsync("read the terms", "resources/read", new JsonObject { ["uri"] = "shop://terms" });
    await StepAsync("look at salaries, out of curiosity", "resources/read", new JsonObject { ["uri"] = "hr://salaries" });
    await StepAsync("export all orders", "tools/call", Tool("export_orders"));

    var refund = StepAsync("refund the kettle", "tools/call", Tool("refund_order"));
    Say("Carol", $"sees that {await ApproveWaitingAsync(people.As("carol").AccessRequests, cancel)} waits for a person, and approves");
    await refund;

    await StepAsync("try a trick that nobody thought of", "tools/uninstall", Tool("find_order"));
    Say("Stray", $"list the tools, with a token of Ada's: {await CallAsync(gateway, token with { Agent = "stray-bot" }, "tools/list", null, cancel)}");

    var audit = (await people.As("auditor").PolicyAudit.RunAuditAsync(from: 1, cancel: cancel)).Value.Progress;
    Say("Stet", $"has {audit.Decisions} decisions on record, and evaluates them again: {audit.Mismatches} came out otherwise");

    async Task StepAsync(string plan, string method, JsonObject? parameters) =>
        Say("Agent", $"{plan}: {await CallAsync(gateway, token, method, parameters, cancel)}");
}

// Approves the access request that waits, as soon as there is one, and tells what it is for.
static async Task<string> ApproveWaitingAsync(AccessRequestsClient requests, CancellationToken cancel)
{
    while (true)
    {
        if ((await requests.ListPageAsync(cancel: cancel)).Value.Requests is [var waiting, ..])
        {
            await requests.ApproveAsync(waiting.Id, "the kettle did arrive broken", cancel: cancel);
            return waiting.Scope.ResourceId;
        }

        await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
    }
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
