using SensorFleet;
using Stet.Testing;

namespace Stet.Tests.Pcs;

public class AgentSampleSpecs
{
    [Fact]
    public async Task The_sensor_fleet_tells_its_story_against_a_real_service()
    {
        var service = await TestService.SharedAsync();
        var folder = TestCluster.NewFolder();
        var story = new StringWriter();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        await Story.TellAsync(service.Address, folder, story, patience.Token);

        Directory.Delete(folder, recursive: true);
        var told = story.ToString();
        told.ShouldContain("north:    document 1 is ACCEPTED, at position");
        told.ShouldContain("west:     document 1 is ESCALATED, at position");
        told.ShouldContain("about west, epoch 1: d_hat_out_of_tolerance, ");
        told.ShouldContain("south:    is offline; 4 documents wait in its outbox");
        told.ShouldContain("there is no network: it stays in the outbox and is tried again");
        told.ShouldContain("south:    document 5 is ACCEPTED");
        told.ShouldContain("Stet:     8 accepted, 1 escalated, 0 of them open");
        told.ShouldNotContain("refused");
    }
}
