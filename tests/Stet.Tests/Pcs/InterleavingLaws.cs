using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;
using Stet.EventStore;
using Stet.Pcs;
using Stet.Pcs.Service;
using Stet.Testing;
using Stet.Tests.Http;
using Tenant = Stet.Tests.Http.Tenant;

namespace Stet.Tests.Pcs;

/// <summary>What holds of documents that come twice, changed or not, in any order, at once, at either of two instances.</summary>
public class InterleavingLaws
{
    const int Ids = 3;
    const int Contents = 3;

    /// <param name="Id">Which document.</param>
    /// <param name="Content">Which content under its id; 0 is the one that agrees with itself.</param>
    /// <param name="Attempt">Which delivery: no part of the content.</param>
    /// <param name="Instance">Which instance gets it.</param>
    /// <param name="Waits">Whether it waits for the answers to those before it.</param>
    sealed record Step(int Id, int Content, int Attempt, int Instance, bool Waits)
    {
        public PcsDocument Document() => (Ordinary.Document with
        {
            Epoch = Id,
            Budget = Ordinary.Document.Budget + (Content * 0.1),
            Attempt = Attempt,
        }).Signed();
    }

    [Fact]
    public async Task Duplicates_in_any_interleaving_give_one_event_and_one_answer()
    {
        await using var first = await TestService.StartAsync();
        await using var second = await TestService.StartAsync(database: first.Database);
        var steps =
            from id in Gen.Choose(0, Ids - 1)
            from content in Gen.Choose(0, Contents - 1)
            from attempt in Gen.Choose(1, 3)
            from instance in Gen.Choose(0, 1)
            from waits in Gen.Elements(true, false)
            select new Step(id, content, attempt, instance, waits);

        await Task.Run(() => Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(30).WithEndSize(20),
            Prop.ForAll(Gen.ArrayOf(steps).ToArbitrary(), all => HoldsAsync(first, second, all))));
    }

    static async Task HoldsAsync(TestService first, TestService second, Step[] steps)
    {
        var tenantId = TestService.NewTenantId();
        Tenant[] instances = [await PcsTenancy.NewAsync(first, tenantId), new(second.Client(tenantId))];

        var sent = new List<(Step Step, Task<Answer> Answer)>();
        foreach (var step in steps)
        {
            if (step.Waits) await Task.WhenAll(sent.Select(s => s.Answer));
            sent.Add((step, instances[step.Instance].SubmitAsync(step.Document())));
        }

        await Task.WhenAll(sent.Select(s => s.Answer));
        var store = first.Services.GetRequiredService<Store>();
        var events = (await store.ReadAsync(tenantId, 0, 1_000, CancellationToken.None)).Select(e => e.Data).ToArray();
        foreach (var id in sent.GroupBy(s => s.Step.Id, s => (s.Step, Answer: s.Answer.Result)))
        {
            var recorded = events.Select(SubmissionOf).OfType<Submission>().Where(s => s.Document.Epoch == id.Key).ShouldHaveSingleItem();
            foreach (var (step, answer) in id)
            {
                if (step.Document().ContentDigest() == recorded.ContentDigest)
                {
                    answer.Status.ShouldBe(step.Content == 0 ? 200 : 202, answer.Text);
                }
                else
                {
                    answer.ShouldBeProblem(409, "pcs_equivocation");
                    answer.Json["first_content_digest"]!.ToString().ShouldBe(recorded.ContentDigest);
                }
            }

            var answers = id.Select(s => s.Answer).Where(a => a.Status < 300).ToArray();
            answers.Select(a => a.Text).Distinct().ShouldHaveSingleItem();
            answers.Count(a => !a.Headers.ContainsKey("Stet-Duplicate")).ShouldBe(1);
            events.OfType<PcsEquivocated>().Count(e => e.PcsId == recorded.Document.PcsId)
                .ShouldBe(id.Where(s => s.Answer.Status == 409).Select(s => s.Step.Content).Distinct().Count());
        }
    }

    static Submission? SubmissionOf(object e) => e switch
    {
        PcsAccepted accepted => accepted.Submission,
        PcsEscalated escalated => escalated.Submission,
        _ => null,
    };
}
