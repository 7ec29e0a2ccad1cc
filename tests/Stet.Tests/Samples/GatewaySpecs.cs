using System.Text.Json;
using System.Text.Json.Nodes;
using AgentGate;

namespace Stet.Tests.Samples;

/// <summary>What the sample's gateway makes of answers.</summary>
public sealed class GatewaySpecs
{
    static readonly AccessToken token = new("ada", "support-bot", "https://mcp.example.com");

    static readonly Denial denial = new("01a1fc2c-e334-7606-a1d8-5fd0e177f7d5", "2026-03-02T12:15:00.000000Z");

    [Fact]
    public async Task An_allowed_call_is_forwarded() =>
        (await HandleAsync(new Scripted(new Answer(true, 0, null)))).ShouldBe("""{"jsonrpc":"2.0","id":7,"result":"done"}""");

    [Fact]
    public async Task A_denied_call_is_not() =>
        (await HandleAsync(new Scripted(new Answer(false, 0, null)))).ShouldBe(Error(-32001, "Denied."));

    [Fact]
    public async Task A_yes_with_an_obligation_that_it_cannot_do_is_a_no() =>
        (await HandleAsync(new Scripted(new Answer(true, 1, null)))).ShouldBe(Error(-32001, "Denied."));

    [Fact]
    public async Task What_a_person_approves_is_asked_about_again_with_the_approval()
    {
        var stet = new Scripted(new Answer(false, 0, denial), new Answer(true, 0, null)) { Approval = new JsonObject { ["id"] = denial.EvaluationId } };

        (await HandleAsync(stet)).ShouldBe("""{"jsonrpc":"2.0","id":7,"result":"done"}""");

        stet.Asked[^1].ShouldContain("""
            "approval":{"id":"01a1fc2c-e334-7606-a1d8-5fd0e177f7d5"}
            """);
    }

    [Fact]
    public async Task What_nobody_approves_stays_denied() =>
        (await HandleAsync(new Scripted(new Answer(false, 0, denial)))).ShouldBe(Error(-32001, "Denied."));

    [Fact]
    public async Task An_approval_is_no_grant() =>
        (await HandleAsync(new Scripted(new Answer(false, 0, denial), new Answer(false, 0, null)) { Approval = new JsonObject() }))
            .ShouldBe(Error(-32001, "Denied."));

    [Fact]
    public async Task Nothing_passes_while_nobody_decides() =>
        (await HandleAsync(new Scripted())).ShouldBe(Error(-32603, "Nobody can decide about this now: try again later."));

    [Fact]
    public async Task Notifications_are_passed_on_and_never_answered()
    {
        var seen = new List<string>();
        var gateway = new Gateway(new Scripted(), message =>
        {
            seen.Add(message.GetProperty("method").GetString()!);
            return "done";
        });

        (await gateway.HandleAsync(Parse("""{"jsonrpc": "2.0", "method": "notifications/initialized"}"""), token, default)).ShouldBeNull();

        seen.ShouldBe(["notifications/initialized"]);
    }

    [Fact]
    public async Task A_call_without_an_id_is_decided_about_all_the_same()
    {
        var gateway = new Gateway(new Scripted(new Answer(false, 0, null)), _ => throw new InvalidOperationException("it was forwarded"));

        (await gateway.HandleAsync(Parse("""{"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "x"}}"""), token, default)).ShouldBeNull();
    }

    static async Task<string?> HandleAsync(IDecisionPoint stet) =>
        (await new Gateway(stet, _ => "done").HandleAsync(
            Parse("""{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "find_order"}}"""), token, default))?.ToJsonString();

    static string Error(int code, string message) =>
        $$$"""{"jsonrpc":"2.0","id":7,"error":{"code":{{{code}}},"message":"{{{message}}}"}}""";

    static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    /// <summary>Answers as it is told, and fails when it has nothing more to say.</summary>
    sealed class Scripted(params Answer[] answers) : IDecisionPoint
    {
        readonly Queue<Answer> answers = new(answers);

        public JsonNode? Approval { get; init; }

        public List<string> Asked { get; } = [];

        public Task<Answer> EvaluateAsync(JsonObject question, CancellationToken cancel)
        {
            Asked.Add(question.ToJsonString());
            return answers.TryDequeue(out var answer) ? Task.FromResult(answer) : throw new HttpRequestException("no answer");
        }

        public Task<JsonNode?> RequestAsync(JsonObject question, Denial denial, CancellationToken cancel) => Task.FromResult(Approval);
    }
}
