using System.Text.Json.Nodes;
using Stet.Tests.Http;
using static Stet.Tests.Corrections.OrdinaryJson;

namespace Stet.Tests.Corrections;

/// <summary>What one may not read is answered like what is not there, to the byte.</summary>
public class SecrecySpecs
{
    [Theory]
    [InlineData("not a reader")]
    [InlineData("no scope in common")]
    [InlineData("denied as a reader")]
    [InlineData("denied with a scope")]
    [InlineData("superseded by one that is forbidden")]
    [InlineData("revoked and forbidden")]
    public async Task The_forbidden_and_the_absent_are_answered_alike(string how)
    {
        var holder = await Tenant.NewAsync();
        var empty = await Tenant.NewAsync();
        var id = "";
        foreach (var (tenant, subject) in new[] { (holder, "p-17"), (empty, "p-99") })
        {
            var recorded = "";
            foreach (var body in Forbidden(how))
            {
                body["subject"]!["id"] = subject;
                recorded = (string)(await tenant.RecordAsync(body))["correction_id"]!;
                if (tenant == holder && id == "") id = recorded;
            }

            if (how.StartsWith("revoked")) await tenant.PostAsync($"/v1/corrections/{recorded}/revoke", Revocation());
        }

        const string Who = "requester_id=allergy-bot&requester_scopes=care,ward";
        const string Whom = $"subject_type=patient&subject_id=p-17&{Who}";
        foreach (var url in (string[])[
            $"/v1/facts?{Whom}", $"/v1/facts?{Whom}&as_of=1", $"/v1/facts?{Whom}&q=severe", $"/v1/facts?{Whom}&field_keys=allergies.penicillin",
            $"/v1/facts/context?{Whom}", $"/v1/facts/context?{Whom}&format=json", $"/v1/facts/context?{Whom}&max_tokens=200&as_of=1",
            $"/v1/history?{Whom}", $"/v1/history?{Whom}&include_revoked=true&limit=1", $"/v1/corrections/{id}?{Who}"])
        {
            var forbidden = await holder.GetAsync(url);
            var absent = await empty.GetAsync(url);

            forbidden.Text.ShouldBe(absent.Text, url);
            forbidden.Status.ShouldBe(absent.Status);
            forbidden.ETag.ShouldBe(absent.ETag);
            forbidden.Headers.Keys.Order().ShouldBe(absent.Headers.Keys.Order());
            forbidden.Headers.GetValueOrDefault("Stet-Estimated-Tokens").ShouldBe(absent.Headers.GetValueOrDefault("Stet-Estimated-Tokens"));
        }
    }

    [Fact]
    public async Task A_forbidden_link_of_a_chain_is_left_out_as_if_it_had_never_been()
    {
        var tenant = await Tenant.NewAsync();
        var first = await tenant.RecordAsync(Correction());
        var hidden = await tenant.RecordAsync(Correction().Permitting(readers: ["other-bot"]));
        var third = await tenant.RecordAsync(Correction());

        const string Who = "requester_id=allergy-bot";
        var history = await tenant.GetAsync($"/v1/history?subject_type=patient&subject_id=p-17&{Who}");
        var before = (await tenant.GetAsync($"/v1/corrections/{first["correction_id"]}?{Who}")).Json;

        history.Text.ShouldNotContain((string)hidden["correction_id"]!);
        history.Text.ShouldNotContain((string)hidden["created_at"]!);
        var chain = history.Json["corrections"]!.AsArray();
        ((string?)chain[0]!["supersedes"]).ShouldBe((string?)first["correction_id"]);
        chain[1]!.ToJsonString().ShouldBe(before.ToJsonString());
        ((string?)before["superseded_by"], (string?)before["ended_at"])
            .ShouldBe(((string?)third["correction_id"], (string?)third["created_at"]));
    }

    static JsonObject[] Forbidden(string how) => how switch
    {
        "not a reader" => [Correction().Permitting(readers: ["other-bot"])],
        "no scope in common" => [Correction().Permitting(scopes: ["admin"])],
        "denied as a reader" => [Correction().Permitting(readers: ["allergy-bot"], deny: ["allergy-bot"])],
        "denied with a scope" => [Correction().Permitting(scopes: ["care"], deny: ["allergy-bot"])],
        "superseded by one that is forbidden" => [Correction(), Correction().Permitting(readers: ["other-bot"])],
        _ => [Correction(), Correction().Permitting(readers: ["other-bot"])],
    };

    [Fact]
    public async Task Another_tenants_corrections_are_not_there()
    {
        var owner = await Tenant.NewAsync();
        var stranger = await Tenant.NewAsync();
        var id = (string)(await owner.RecordAsync(Correction()))["correction_id"]!;
        const string Unknown = "019ca7c8-0000-7000-8000-000000000001";

        foreach (var url in (string[])[$"/v1/facts?{Query}", $"/v1/facts/context?{Query}", $"/v1/history?{Query}&include_revoked=true"])
            (await stranger.GetAsync(url)).Text.ShouldNotContain(id);
        (await stranger.GetAsync($"/v1/facts?{Query}")).Json["facts"]!.AsArray().ShouldBeEmpty();
        var read = await stranger.GetAsync($"/v1/corrections/{id}?requester_id=allergy-bot");
        var revoked = await stranger.PostAsync($"/v1/corrections/{id}/revoke", Revocation());
        var superseded = await stranger.PostAsync("/v1/corrections", Correction().With("supersedes", id));

        read.Text.ShouldBe((await stranger.GetAsync($"/v1/corrections/{Unknown}?requester_id=allergy-bot")).Text);
        revoked.Text.ShouldBe((await stranger.PostAsync($"/v1/corrections/{Unknown}/revoke", Revocation())).Text);
        superseded.Text.ShouldBe(
            (await stranger.PostAsync("/v1/corrections", Correction().With("supersedes", Unknown))).Text.Replace(Unknown, id));
        (await owner.GetAsync($"/v1/facts?{Query}")).Json["facts"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Tenants_may_use_the_same_keys()
    {
        var body = Correction();

        var first = await (await Tenant.NewAsync()).RecordAsync(body);
        var other = await (await Tenant.NewAsync()).RecordAsync(body);

        other["correction_id"]!.ToString().ShouldNotBe(first["correction_id"]!.ToString());
    }
}
