using System.Diagnostics;
using AgentGate;
using Stet.Testing;

namespace Stet.Tests.Samples;

/// <summary>The sample as a reader runs it: one command against the service as it comes.</summary>
public sealed class AgentGateSpecs
{
    [Fact]
    public async Task The_story_is_told_to_its_end()
    {
        await using var service = await ServiceProcess.ServeAsync(TestCluster.NewFolder());

        var (exitCode, story) = await RunAsync(service.Address);

        exitCode.ShouldBe(0, story);
        story.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Masked).ShouldBe(
        [
            "Gateway:  before there are rules: Denied. (-32001)",
            "Alice:    drafts the rules for agents, <candidate>; Bob and Carol approve; they are in force",
            "Agent:    say hello: {\"protocolVersion\":\"2025-06-18\",\"serverInfo\":{\"name\":\"shop\"}}",
            "Agent:    see what tools there are: {\"tools\":[\"find_order\",\"refund_order\",\"close_account\"]}",
            "Agent:    look at Ada's order: order 1001: a kettle, 39 euros, arrived broken",
            "Agent:    read the terms: terms of sale: broken goods are refunded",
            "Agent:    look at salaries, out of curiosity: Denied. (-32001)",
            "Agent:    export all orders: Denied. (-32001)",
            "Carol:    sees that refund_order waits for a person, and approves",
            "Agent:    refund the kettle: 39 euros go back for order 1001",
            "Agent:    try a trick that nobody thought of: Nothing decides about this method, so it is denied. (-32001)",
            "Stray:    list the tools, with a token of Ada's: Denied. (-32001)",
            "Stet:     has 10 decisions on record, and evaluates them again: 0 came out otherwise",
        ]);
    }

    [Fact]
    public async Task Without_a_service_it_says_how_to_start_one()
    {
        var (exitCode, story) = await RunAsync(new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}"));

        exitCode.ShouldBe(1);
        story.ShouldContain("Start it with: dotnet run --project src/Stet");
    }

    static async Task<(int ExitCode, string Output)> RunAsync(Uri address)
    {
        using var sample = Process.Start(new ProcessStartInfo("dotnet", [typeof(McpMapping).Assembly.Location, address.ToString()])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = sample.StandardError.ReadToEndAsync();
        var output = await sample.StandardOutput.ReadToEndAsync();
        await sample.WaitForExitAsync();
        return (sample.ExitCode, output + await errors);
    }

    static string Masked(string line) =>
        line.StartsWith("Alice:", StringComparison.Ordinal) ? $"{line[..39]}<candidate>{line[51..]}" : line;
}
