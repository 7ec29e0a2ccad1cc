using System.Net.Sockets;
using System.Text;
using Stet.AuditLog;
using Stet.Testing;
using Stet.Tests.Audit.Witnesses;

namespace Stet.Tests.Audit;

/// <summary>What somebody who means ill can send: each is a clear answer of the 4xx kind, never a 500.</summary>
public sealed class BadInputSpecs : IDisposable
{
    readonly string folder = TestCluster.NewFolder();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Sent as they stand: a client's own library would mend them.
    [Theory]
    [InlineData("tile/0/000.p%2F1")]
    [InlineData("tile/0/%30%30%30.p/+1")]
    [InlineData("tile/0/000.p/1%00")]
    [InlineData("tile/0/000.p/%FF")]
    [InlineData("tile/0/000.p/%zz")]
    [InlineData("tile/0/000.p/1%0d%0aX-Evil:%201")]
    [InlineData("tile/0//000.p/1")]
    [InlineData("tile//0/000.p/1")]
    [InlineData("tile/0/000.P/1")]
    [InlineData("tile/0/000.p/1/")]
    [InlineData("tile/0/000.p/1.")]
    [InlineData("tile/0/../../../../../../etc/passwd")]
    [InlineData("tile/%2e%2e/%2e%2e/checkpoint")]
    [InlineData("tile/0/٠٠٠.p/1")]
    [InlineData("tile/entries/000.p/257")]
    [InlineData("tile/entries/x000/000.p/1")]
    [InlineData("tile/9223372036854775807/000")]
    [InlineData("checkpoint?min_position=1e1")]
    [InlineData("checkpoint?min_position=%201")]
    [InlineData("checkpoint?min_position=9223372036854775808")]
    [InlineData("inclusion?position=%2B1")]
    [InlineData("inclusion?position=1%00")]
    [InlineData("inclusion?position=01")]
    [InlineData("inclusion?position=%D9%A1")]
    [InlineData("inclusion?position=1&size=2&size=3")]
    [InlineData("inclusion?position=3&size=1")]
    [InlineData("inclusion?position=3&size=9223372036854775807")]
    [InlineData("consistency?from=3&to=1")]
    [InlineData("consistency?from=9223372036854775807&to=9223372036854775807")]
    [InlineData("consistency?from=1&to=-1")]
    [InlineData("consistency?from=")]
    [InlineData("proof/%00")]
    [InlineData("proof/01930A5E-7C00-7ABC-8DEF-012345678900")]
    [InlineData("proof/{01930a5e-7c00-7abc-8def-012345678900}")]
    [InlineData("evidence/01930a5e-7c00-7abc-8def-012345678900%20")]
    [InlineData("epoch/-1/checkpoint")]
    [InlineData("epoch/99999999999999999999/checkpoint")]
    public async Task A_request_that_makes_no_sense_is_refused(string path)
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(3);
        await log.CheckpointAsync("?min_position=3");

        (await StatusAsync(log, path)).ShouldBeInRange(400, 499);
    }

    [Theory]
    [InlineData("epoch/2/checkpoint", "not_found", "this log has no such epoch")]
    [InlineData("epoch/x/checkpoint", "not_found", "this log has no such epoch")]
    [InlineData("tile/0/0", "not_found", "no checkpoint implies this tile")]
    [InlineData("tile/0/000.p/9", "audit_tile_unknown", "a tile exists as wide as a checkpoint implies; get `checkpoint` first")]
    public async Task What_a_log_does_not_have_is_told_of_that_log(string path, string code, string detail)
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(3);
        await log.CheckpointAsync("?min_position=3");

        var answer = await log.Tenant.GetAsync($"{log.Prefix}/{path}");

        answer.ShouldBeProblem(404, code);
        ((string)answer.Json["detail"]!).ShouldBe(detail);
    }

    [Theory]
    [InlineData("tile/0/", 10_000)]
    [InlineData("inclusion?position=1&size=", 7_000)]
    [InlineData("proof/", 7_000)]
    public async Task A_request_that_is_too_long_is_refused(string path, int length)
    {
        var log = LogClient.New(await TestService.SharedAsync());
        await log.RecordAsync(1);

        (await StatusAsync(log, path + new string('1', length))).ShouldBeInRange(400, 499);
    }

    [Theory]
    [InlineData("cut by a hash", 422)]
    [InlineData("longer by a hash", 422)]
    [InlineData("hashes in another order", 422)]
    [InlineData("without hashes", 422)]
    [InlineData("a hash cut by a byte", 400)]
    [InlineData("sizes in the wrong order", 400)]
    [InlineData("from a size that was not seen", 409)]
    [InlineData("signed by another key", 403)]
    [InlineData("a control character", 400)]
    [InlineData("a tab", 400)]
    [InlineData("line endings of Windows", 400)]
    [InlineData("no UTF-8", 400)]
    public async Task A_bad_request_to_a_witness_is_refused_and_changes_nothing(string what, int status)
    {
        await using var witness = await RunningWitness.StartAsync(folder, new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero));
        var tree = NaiveTree.Of(Enumerable.Range(0, 11).Select(i => Encoding.ASCII.GetBytes($"entry-{i}")));
        (await PostAsync(witness, Request(tree, 0, 7))).ShouldBe(200);

        var lines = Request(tree, 7, 11).Split('\n').ToList();
        lines[0].ShouldBe("old 7");
        var body = Encoding.UTF8.GetBytes(what switch
        {
            "cut by a hash" => With(l => l.RemoveAt(1)),
            "longer by a hash" => With(l => l.Insert(1, Convert.ToBase64String(new byte[32]))),
            "hashes in another order" => With(l => (l[1], l[2]) = (l[2], l[1])),
            "without hashes" => With(l => l.RemoveRange(1, tree.Consistency(7, 11).Length)),
            "a hash cut by a byte" => With(l => l[1] = Convert.ToBase64String(new byte[31])),
            "sizes in the wrong order" => With(l => l[0] = "old 12"),
            "from a size that was not seen" => With(l => l[0] = "old 6"),
            "signed by another key" => Request(tree, 7, 11, seed: 1),
            "a control character" => With(l => l[^3] += "\a"),
            "a tab" => With(l => l[^3] += "\t"),
            "line endings of Windows" => string.Join("\r\n", lines),
            _ => string.Join('\n', lines),
        });
        if (what == "no UTF-8") body[^20] = 0xFF;

        (await PostAsync(witness, body)).ShouldBe(status);
        (await PostAsync(witness, Request(tree, 7, 11))).ShouldBe(200);

        string With(Action<List<string>> change)
        {
            var changed = lines.ToList();
            change(changed);
            return string.Join('\n', changed);
        }
    }

    static string Request(NaiveTree tree, int from, int to, byte seed = 0)
    {
        var origin = VerifierKey.Parse(RunningWitness.LogVkey).Name;
        using var key = new SignerKey(origin, SignatureType.Ed25519, [.. Enumerable.Range(seed, 32).Select(i => (byte)i)]);
        var text = new Checkpoint(origin, to, new LogHash(tree.Root(to))).Text;
        return Encoding.UTF8.GetString(AddCheckpointRequest.Write(
            from, [.. tree.Consistency(from, to).Select(h => new LogHash(Convert.FromBase64String(h)))], new SignedNote(text, [key.Sign(text)])));
    }

    static Task<int> PostAsync(RunningWitness witness, string body) => PostAsync(witness, Encoding.UTF8.GetBytes(body));

    static async Task<int> PostAsync(RunningWitness witness, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var answer = await witness.Client.PostAsync("/add-checkpoint", content);
        return (int)answer.StatusCode;
    }

    static async Task<int> StatusAsync(LogClient log, string path)
    {
        var address = (await TestService.SharedAsync()).Address;
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            $"GET {log.Prefix}/{path} HTTP/1.1\r\nHost: {address.Authority}\r\nX-Tenant-Id: {log.TenantId}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return int.Parse((await reader.ReadLineAsync())!.Split(' ')[1]);
    }
}
