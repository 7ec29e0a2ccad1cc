using Stet.Testing;
using static Stet.Tests.Pcs.Ordinary;

namespace Stet.Tests.Pcs;

public class WritePathTests
{
    const int Documents = 2_000;

    // The database has never been analyzed: the planner takes every table for empty, and every index for as good as another.
    [Fact]
    public async Task What_a_submission_reads_does_not_grow_with_a_log_that_has_no_statistics()
    {
        await using var home = await TestService.StartAsync();
        await using (var service = await TestService.StartAsync(database: home.Database))
        {
            var tenant = await PcsTenancy.NewAsync(service);
            foreach (var expected in (string?[])[null, "true"])
            {
                await Parallel.ForAsync(0, Documents, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (n, _) =>
                {
                    var document = n % 10 == 0 ? Doubtful : Document;
                    var answer = await tenant.SubmitAsync((document with { Epoch = n, ShardId = $"shard-{n % 50}" }).Signed());
                    answer.Status.ShouldBe(n % 10 == 0 ? 202 : 200, answer.Text);
                    answer.Headers.GetValueOrDefault("Stet-Duplicate").ShouldBe(expected);
                });
            }
        }

        // One event is that of the key.
        (await home.Database.RowsReadAsync(inserted: Documents + 1)).ShouldBeLessThan(20 * 2 * Documents);
    }
}
