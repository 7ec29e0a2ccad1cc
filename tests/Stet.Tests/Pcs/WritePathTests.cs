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

    [Fact]
    public async Task What_a_list_reads_is_what_it_shows()
    {
        const int OfShard = 500;
        await using var home = await TestService.StartAsync();
        await using (var service = await TestService.StartAsync(database: home.Database))
        {
            var tenant = await PcsTenancy.NewAsync(service);
            await Parallel.ForAsync(0, OfShard, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (n, _) =>
            {
                (await tenant.SubmitAsync((Document with { Epoch = n, ShardId = "sound" }).Signed())).Status.ShouldBe(200);
                (await tenant.SubmitAsync((Doubtful with { Epoch = n, ShardId = "doubtful" }).Signed())).Status.ShouldBe(202);
            });

            var (cursor, rows) = ("", 0);
            for (; cursor is not null; rows++)
            {
                var page = await tenant.ReadAsync($"/v1/pcs?shard_id=sound&limit=1{cursor}");
                page["submissions"]!.AsArray().Count.ShouldBe(1);
                cursor = page["next_cursor"] is { } next ? $"&cursor={next}" : null;
            }

            rows.ShouldBe(OfShard);
            for (var n = 0; n < 200; n++)
            {
                (await tenant.ReadAsync("/v1/pcs?shard_id=sound&outcome=ESCALATED"))["submissions"]!.AsArray().ShouldBeEmpty();
                (await tenant.ReadAsync("/v1/pcs/escalations?state=resolved"))["submissions"]!.AsArray().ShouldBeEmpty();
                (await tenant.ReadAsync("/v1/pcs/latest?shard_id=doubtful"))["accepted"].ShouldBeNull();
            }
        }

        // Each of the four loops would read more than twice as many if it passed over what it does not show.
        (await home.Database.RowsReadAsync(inserted: (2 * OfShard) + 1)).ShouldBeLessThan(50 * 2 * OfShard);
    }
}
