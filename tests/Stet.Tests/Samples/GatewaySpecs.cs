using System.Text.Json;
using AgentGate;
using Stet.Client.Api;
using Answer = Stet.Client.Api.Decision;

namespace Stet.Tests.Samples;

/// <summary>What the sample's gateway makes of answers.</summary>
public sealed class GatewaySpecs
{
    static readonly AccessToken token = new("ada", "support-bot", "https://mcp.example.com");

    static readonly Answer yes = new(true);

    static readonly Answer no = new(false);

    static readonly Answer requestable = no with
    {
        EvaluationId = Guid.Parse("01a1fc2c-e334-7606-a1d8-5fd0e177f7d5"),
        Context = new DecisionContext { AccessRequest = new AccessOffer(new DateTimeOffset(2026, 3, 2, 12, 15, 0, TimeSpan.Zero)) },
    };

    static readonly AccessApproval approval = new(requestable.EvaluationId!.Value, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);

    [Fact]
    public async Task An_allowed_call_is_forwarded() =>
        (await HandleAsync(new Scripted(yes))).ShouldBe("""{"jsonrpc":"2.0","id":7,"result":"done"}""");

    [Fact]
    public async Task A_denied_call_is_not() =>
        (await HandleAsync(new Scripted(no))).ShouldBe(Error(-32001, "Denied."));

    [Fact]
    public async Task A_yes_with_an_obligation_that_it_cannot_do_is_a_no()
    {
        var conditional = yes with { Context = new DecisionContext { Obligations = [new Obligation("step-up", "step-up", default)] } };

        (await HandleAsync(new Scripted(conditional))).ShouldBe(Error(-32001, "Denied."));
    }

    [Fact]
    public async Task What_a_person_approves_is_asked_about_again_with_the_approval()
    {
        var stet = new Scripted(requestable, yes) { Approval = approval };

        (await HandleAsync(stet)).ShouldBe("""{"jsonrpc":"2.0","id":7,"result":"done"}""");

        stet.Asked[^1].Context!["approval"]!["id"]!.ToString().ShouldBe("01a1fc2c-e334-7606-a1d8-5fd0e177f7d5");
    }

    [Fact]
    public async Task What_nobody_approves_stays_denied() =>
        (await HandleAsync(new Scripted(requestable))).ShouldBe(Error(-32001, "Denied."));

    [Fact]
    public async Task An_approval_is_no_grant() =>
        (await HandleAsync(new Scripted(requestable, no) { Approval = approval }))
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
        var gateway = new Gateway(new Scripted(no), _ => throw new InvalidOperationException("it was forwarded"));

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

        public AccessApproval? Approval { get; init; }

        public List<Evaluation> Asked { get; } = [];

        public Task<Answer> EvaluateAsync(Evaluation question, CancellationToken cancel)
        {
            Asked.Add(question);
            return answers.TryDequeue(out var answer) ? Task.FromResult(answer) : throw new HttpRequestException("no answer");
        }

        public Task<AccessApproval?> RequestAsync(Evaluation question, Answer denial, CancellationToken cancel) =>
            Task.FromResult(Approval);
    }
}
