using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Stet.AuditLog;
using Stet.Testing;
using Stet.Tests.Audit.Witnesses;

namespace Stet.Tests.Audit;

public class ProofSpecs
{
    [Fact]
    public async Task Inclusion_and_consistency_are_what_a_naive_tree_says()
    {
        const int Size = 530;
        var (log, tree) = await OfAsync(Size);

        foreach (var (position, size) in ((int, int)[])[(1, 1), (1, Size), (2, 3), (255, 256), (256, 256), (257, 257), (257, 512), (512, Size), (529, Size), (Size, Size)])
        {
            var query = size == Size ? "" : $"&size={size}";
            var inclusion = await JsonAsync(log, $"inclusion?position={position}{query}");
            inclusion["hashes"]!.AsArray().Select(h => (string)h!).ShouldBe(tree.Inclusion(position - 1, size), $"{position} of {size}");
            ((string)inclusion["root"]!).ShouldBe(Convert.ToBase64String(tree.Root(size)));
            ((long)inclusion["index"]!, (long)inclusion["size"]!).ShouldBe((position - 1, size));
            (inclusion["checkpoint"] is not null).ShouldBe(size == Size);
        }

        foreach (var (from, to) in ((int, int)[])[(0, Size), (0, 3), (1, 1), (1, Size), (3, 7), (255, 256), (256, 257), (257, 512), (512, Size), (511, 529), (Size, Size)])
        {
            var consistency = await JsonAsync(log, $"consistency?from={from}{(to == Size ? "" : $"&to={to}")}");
            consistency["hashes"]!.AsArray().Select(h => (string)h!).ShouldBe(tree.Consistency(from, to), $"{from} to {to}");
            ((string)consistency["from_root"]!, (string)consistency["to_root"]!)
                .ShouldBe((Convert.ToBase64String(tree.Root(from)), Convert.ToBase64String(tree.Root(to))));
        }
    }

    [Fact]
    public async Task A_proof_file_of_any_event_verifies_offline_with_the_key_alone()
    {
        var (log, _) = await OfAsync(300);
        var entries = await log.EntriesAsync(300);
        var ids = await log.EventIdsAsync();
        var key = VerifierKey.Parse(await log.VkeyAsync());

        foreach (var index in (int[])[0, 1, 254, 255, 256, 299])
        {
            var served = await log.GetAsync($"proof/{ids[index]}");
            served.ContentHeaders.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
            var proof = TlogProof.Parse(served.Body);
            proof.Index.ShouldBe(index);
            proof.TryVerify(LogHash.Leaf(entries[index]), [key], out var opened, out var refusal).ShouldBeTrue(refusal);
            opened!.Checkpoint.Size.ShouldBe(300);
            proof.TryVerify(LogHash.Leaf(entries[(index + 1) % 300]), [key], out _, out _).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Proofs_that_many_ask_for_at_one_time_are_each_of_their_own_event()
    {
        var (log, _) = await OfAsync(600);
        var entries = await log.EntriesAsync(600);
        var ids = await log.EventIdsAsync();
        var key = VerifierKey.Parse(await log.VkeyAsync());

        // Twice: from the database, and from what the first proofs have left in memory.
        for (var round = 0; round < 2; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 600).Select(async index =>
            {
                var proof = TlogProof.Parse((await log.GetAsync($"proof/{ids[index]}")).Body);
                proof.Index.ShouldBe(index);
                proof.TryVerify(LogHash.Leaf(entries[index]), [key], out _, out var refusal).ShouldBeTrue(refusal);
            }).Append(Task.Run(async () => (await log.GetAsync($"proof/{Guid.Empty}")).Code.ShouldBe("audit_event_unknown"))));
        }
    }

    [Fact]
    public async Task What_was_altered_in_a_tile_is_not_kept_for_later_proofs()
    {
        var (log, _) = await OfAsync(257);
        var ids = await log.EventIdsAsync();
        await log.TamperAsync("update stet.audit_tile set hashes = sha256('another') || substr(hashes, 33) where tenant_id = {tenant}");
        (await log.GetAsync($"proof/{ids[9]}")).Code.ShouldBe("audit_altered");

        await log.TamperAsync("update stet.audit_tile t set hashes = l.hash || substr(hashes, 33) from stet.audit_leaf l where t.tenant_id = {tenant} and l.tenant_id = {tenant} and l.position = 1");

        (await log.GetAsync($"proof/{ids[9]}")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_proof_of_an_event_that_no_checkpoint_covers_makes_one()
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(2);

        var proof = TlogProof.Parse((await log.GetAsync($"proof/{(await log.EventIdsAsync())[1]}")).Body);

        proof.Index.ShouldBe(1);
        (await log.OpenAsync(proof.Checkpoint.ToArray())).Size.ShouldBe(2);
    }

    [Fact]
    public async Task What_witnesses_signed_comes_with_checkpoint_and_proof()
    {
        await using var witness = await ScriptedWitness.StartAsync();
        await using var service = await TestService.StartAsync(new() { Clock = new ManualClock(), Settings = witness.Settings });
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        var size2 = (await log.GetAsync("checkpoint?min_position=2")).Body;
        var line = witness.Cosign(SignedNote.Parse(size2).Text).ToString();
        await log.TamperAsync($"insert into stet.audit_cosignature values ({{tenant}}, 2, 'w1', '{line}', now())");

        (await log.GetAsync("checkpoint")).Text.ShouldBe($"{Encoding.UTF8.GetString(size2)}{line}\n");
        await log.RecordAsync(1);
        (await log.CheckpointAsync("?min_position=3")).Size.ShouldBe(3);

        (await log.GetAsync("checkpoint?witnessed=true")).Text.ShouldEndWith($"{line}\n");
        var ids = await log.EventIdsAsync();
        var proof = TlogProof.Parse((await log.GetAsync($"proof/{ids[1]}?witnessed=true")).Body);
        proof.Checkpoint.Signatures.Count.ShouldBe(2);
        (await log.GetAsync($"proof/{ids[2]}?witnessed=true")).Code.ShouldBe("audit_not_witnessed");
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("of another text")]
    public async Task A_line_that_no_witness_signed_under_the_checkpoint_is_not_served(string line)
    {
        await using var witness = await ScriptedWitness.StartAsync();
        await using var service = await TestService.StartAsync(new() { Clock = new ManualClock(), Settings = witness.Settings });
        var log = LogClient.New(service);
        await log.RecordAsync(2);
        var size2 = (await log.GetAsync("checkpoint?min_position=2")).Text;
        if (line != "nonsense") line = witness.Cosign(SignedNote.Parse(Encoding.UTF8.GetBytes(size2)).Text.Replace("/audit", "/other", StringComparison.Ordinal)).ToString();
        await log.TamperAsync($"insert into stet.audit_cosignature values ({{tenant}}, 2, 'w1', '{line}', now())");

        (await log.GetAsync("checkpoint")).Text.ShouldBe(size2);
        (await log.GetAsync("checkpoint?witnessed=true")).Code.ShouldBe("audit_not_witnessed");
        var id = (await log.EventIdsAsync())[1];
        (await log.GetAsync($"proof/{id}")).Text.ShouldEndWith(size2);
        (await log.GetAsync($"proof/{id}?witnessed=true")).Code.ShouldBe("audit_not_witnessed");
    }

    [Theory]
    [InlineData("proof/no-id", 404, "audit_event_unknown")]
    [InlineData("proof/00000000-0000-0000-0000-000000000000", 404, "audit_event_unknown")]
    [InlineData("proof/00000000-0000-0000-0000-000000000000?witnessed=maybe", 400, "invalid_request")]
    [InlineData("proof/01A20341-0000-7000-8000-000000000000", 404, "audit_event_unknown")]
    [InlineData("Proof/00000000-0000-0000-0000-000000000000", 404, "not_found")]
    [InlineData("proof/00000000-0000-0000-0000-000000000000/", 404, "not_found")]
    [InlineData("evidence/no-id", 404, "audit_event_unknown")]
    [InlineData("evidence/01A20341-0000-7000-8000-000000000000", 404, "audit_event_unknown")]
    [InlineData("evidence/00000000-0000-0000-0000-000000000000", 404, "audit_event_unknown")]
    [InlineData("inclusion", 400, "invalid_request")]
    [InlineData("inclusion?position=0", 400, "invalid_request")]
    [InlineData("inclusion?position=+1", 400, "invalid_request")]
    [InlineData("inclusion?position=9223372036854775808", 400, "invalid_request")]
    [InlineData("inclusion?position=1&position=2", 400, "invalid_request")]
    [InlineData("inclusion?position=3&size=2", 400, "invalid_request")]
    [InlineData("inclusion?position=1&size=0", 400, "invalid_request")]
    [InlineData("inclusion?position=4", 404, "audit_size_unknown")]
    [InlineData("inclusion?position=9223372036854775807", 404, "audit_size_unknown")]
    [InlineData("inclusion?position=1&size=4", 404, "audit_size_unknown")]
    [InlineData("consistency", 400, "invalid_request")]
    [InlineData("consistency?from=-1", 400, "invalid_request")]
    [InlineData("consistency?from=2&to=1", 400, "invalid_request")]
    [InlineData("consistency?from=4", 404, "audit_size_unknown")]
    [InlineData("consistency?from=1&to=4", 404, "audit_size_unknown")]
    [InlineData("consistency?from=0&to=9223372036854775807", 404, "audit_size_unknown")]
    [InlineData("epoch/1/checkpoint", 404, "not_found")]
    [InlineData("epoch/2/checkpoint", 404, "not_found")]
    [InlineData("epoch/02/checkpoint", 404, "not_found")]
    [InlineData("epoch/x/checkpoint", 404, "not_found")]
    public async Task What_cannot_be_proved_is_refused(string path, int status, string code)
    {
        var (log, _) = await OfAsync(3);

        var served = await log.GetAsync(path);

        ((int)served.Status, served.Code).ShouldBe((status, code));
    }

    [Theory]
    [InlineData("update stet.audit_leaf set hash = sha256('another') where tenant_id = {tenant} and position = 2")]
    [InlineData("delete from stet.audit_leaf where tenant_id = {tenant} and position = 2")]
    public async Task A_proof_that_does_not_lead_to_the_root_is_not_given(string tampering)
    {
        var (log, _) = await OfAsync(3);
        var ids = await log.EventIdsAsync();
        await log.TamperAsync(tampering);

        foreach (var path in (string[])[$"proof/{ids[0]}", $"evidence/{ids[0]}", "inclusion?position=1", "consistency?from=1"])
            (await log.GetAsync(path)).Code.ShouldBe("audit_altered", path);
    }

    [Fact]
    public async Task An_evidence_pack_holds_all_that_checking_takes()
    {
        var (log, _) = await OfAsync(3);
        var served = await log.GetAsync($"evidence/{(await log.EventIdsAsync())[1]}");
        served.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var pack = JsonNode.Parse(served.Text)!;

        ((int)pack["v"]!, (string?)pack["origin"], (long)pack["position"]!, (string?)pack["state"])
            .ShouldBe((1, $"localhost{log.Prefix}", 2, "INTACT"));
        var entry = (string)pack["entry"]!;
        var proof = TlogProof.Parse(Encoding.UTF8.GetBytes((string)pack["tlog_proof"]!));
        proof.TryVerify(LogHash.Leaf(Encoding.UTF8.GetBytes(entry)), [VerifierKey.Parse((string)pack["keys"]![0]!)], out _, out var refusal).ShouldBeTrue(refusal);
        LogClient.CommitOf(pack).ShouldBe((string)JsonNode.Parse(entry)!["commit"]!);
        pack["tombstone"].ShouldBeNull();
    }

    [Fact]
    public async Task Data_that_was_altered_is_no_evidence()
    {
        var (log, _) = await OfAsync(3);
        var ids = await log.EventIdsAsync();
        await log.TamperAsync("update stet.mt_events set data = data || '{\"value\": 1}' where tenant_id = {tenant} and seq_id = 2");

        (await log.GetAsync($"evidence/{ids[1]}")).Code.ShouldBe("audit_altered");
        (await log.GetAsync($"evidence/{ids[0]}")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Evidence_that_has_not_changed_is_not_sent_again()
    {
        var (log, _) = await OfAsync(3);
        var path = $"evidence/{(await log.EventIdsAsync())[1]}";

        var first = await log.GetAsync(path);
        var again = await log.GetAsync(path, ("If-None-Match", first.Headers.ETag!.Tag));

        (again.Status, again.Body.Length, again.Headers.CacheControl!.NoStore).ShouldBe((HttpStatusCode.NotModified, 0, true));
    }

    [Fact]
    public async Task The_keys_are_listed_for_people()
    {
        var (log, _) = await OfAsync(1);

        var keys = (await log.Tenant.GetAsync("/v1/audit/keys")).Json;

        ((string?)keys["origin"], (int)keys["epoch"]!).ShouldBe(($"localhost{log.Prefix}", 1));
        var key = keys["keys"]!.AsArray().Single()!;
        ((string?)key["state"], (long)key["from_position"]!, key["until_position"]).ShouldBe(("active", 0, null));
        VerifierKey.Parse((string)key["vkey"]!).Name.ShouldBe((string?)keys["origin"]);
        ((int)keys["epochs"]!.AsArray().Single()!["epoch"]!).ShouldBe(1);
    }

    [Fact]
    public async Task The_list_of_keys_reflects_the_log_as_far_as_it_goes()
    {
        var (log, _) = await OfAsync(3);

        (await log.Tenant.GetAsync("/v1/audit/keys")).Headers["Stet-Position"].ShouldBe("3");
    }

    static async Task<JsonNode> JsonAsync(LogClient log, string path)
    {
        var served = await log.GetAsync(path);
        served.Status.ShouldBe(HttpStatusCode.OK, $"{path}: {served.Text}");
        return JsonNode.Parse(served.Text)!;
    }

    static async Task<(LogClient Log, NaiveTree Tree)> OfAsync(int size)
    {
        var log = await LogClient.SignedAsync(await TestService.SharedAsync(), size);
        return (log, NaiveTree.Of(await log.EntriesAsync(size)));
    }
}
