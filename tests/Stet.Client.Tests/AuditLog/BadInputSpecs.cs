using System.CommandLine;
using System.Text;
using Stet.Client.AuditLog.CommandLine;

namespace Stet.Client.Tests.AuditLog;

/// <summary>What somebody who means ill can put before the command: each is an exit code and one sentence, never a crash.</summary>
public class BadInputSpecs
{
    static readonly TestLog Log = TestLog.OfSize(300);
    static readonly TestKey Stranger = TestKey.Log(TestLog.Origin, 1);

    [Theory]
    [InlineData("a NUL", 4)]
    [InlineData("a tab", 4)]
    [InlineData("an escape", 4)]
    [InlineData("CR LF", 4)]
    [InlineData("no UTF-8", 4)]
    [InlineData("no empty line", 4)]
    [InlineData("a size with a sign", 4)]
    [InlineData("a size beyond 2^63", 4)]
    [InlineData("a root of 31 bytes", 4)]
    [InlineData("over a mebibyte", 4)]
    [InlineData("a size beyond the tiles", 3)]
    [InlineData("signed by another key", 1)]
    [InlineData("the signature of another text", 1)]
    public async Task A_bad_checkpoint_ends_a_verification(string what, int code)
    {
        using var folder = new TestFolder().Export(Log);
        var note = Log.Note();
        folder.Write("checkpoint", what switch
        {
            "a NUL" => Utf8(note.Replace("\n300\n", "\n300\n\0\n")),
            "a tab" => Utf8(note.Replace("\n300\n", "\n300\next\t1\n")),
            "an escape" => Utf8(note.Replace("\n300\n", "\n300\n\e[2J\n")),
            "CR LF" => Utf8(note.Replace("\n", "\r\n")),
            "no UTF-8" => [.. Utf8(Log.Body), 0xFF, .. Utf8(note[Log.Body.Length..])],
            "no empty line" => Utf8(note.Replace("\n\n", "\n")),
            "a size with a sign" => Signed("+300"),
            "a size beyond 2^63" => Signed("9223372036854775808"),
            "a root of 31 bytes" => Signed("300", new byte[31]),
            "over a mebibyte" => Utf8(note + new string('x', 1 << 20)),
            "a size beyond the tiles" => Signed("90000"),
            "signed by another key" => Utf8($"{Log.Body}\n{Stranger.Line(Log.Body)}"),
            _ => Utf8($"{Log.Body}\n{Log.Key.Line("another text\n")}"),
        });

        await ShouldEndAsync(code, "verify", "--log", folder.Root, "--vkey", Log.Key.Vkey);
    }

    [Theory]
    [InlineData("tile/0/000", "cut by a byte", 4)]
    [InlineData("tile/0/000", "cut by a hash", 4)]
    [InlineData("tile/0/000", "longer by a hash", 4)]
    [InlineData("tile/0/001.p/44", "longer by a hash", 4)]
    [InlineData("tile/1/000.p/1", "another hash", 1)]
    [InlineData("tile/entries/000", "cut by a byte", 4)]
    [InlineData("tile/entries/001.p/44", "longer by a byte", 4)]
    [InlineData("tile/entries/001.p/44", "empty", 4)]
    public async Task A_bad_tile_ends_a_verification(string path, string what, int code)
    {
        using var folder = new TestFolder().Export(Log);
        var bytes = File.ReadAllBytes(folder.At(path));
        folder.Write(path, what switch
        {
            "cut by a byte" => bytes[..^1],
            "cut by a hash" => bytes[..^32],
            "longer by a hash" => [.. bytes, .. new byte[32]],
            "longer by a byte" => [.. bytes, 0],
            "empty" => [],
            _ => new byte[32],
        });

        await ShouldEndAsync(code, "verify", "--log", folder.Root, "--vkey", Log.Key.Vkey);
    }

    [Fact]
    public async Task An_entry_of_64_KiB_is_read_and_refuted_and_a_cut_one_malformed()
    {
        var log = Log.With(7, new byte[ushort.MaxValue]);
        using var folder = new TestFolder().Export(log);
        await ShouldEndAsync(1, "verify", "--log", folder.Root, "--vkey", Log.Key.Vkey);

        var bundle = log.Resources()["tile/entries/000"];
        folder.Write("tile/entries/000", bundle[..(bundle.Length / 2)]);
        await ShouldEndAsync(4, "verify", "--log", folder.Root, "--vkey", Log.Key.Vkey);

        var proof = folder.Write("proof", Log.TlogProof(7));
        var entry = folder.Write("entry", new byte[1 << 16]);
        await ShouldEndAsync(1, "proof", "--file", proof, "--vkey", Log.Key.Vkey, "--entry", entry);
    }

    [Theory]
    [InlineData("cut by a hash", 1)]
    [InlineData("longer by a hash", 1)]
    [InlineData("hashes in another order", 1)]
    [InlineData("of another position", 1)]
    [InlineData("of a position beyond the size", 1)]
    [InlineData("signed by another key", 1)]
    [InlineData("a hash cut by a byte", 4)]
    [InlineData("a control character", 4)]
    [InlineData("a line ending of Windows", 4)]
    [InlineData("cut within the note", 4)]
    [InlineData("empty", 4)]
    public async Task A_bad_proof_is_no_proof(string what, int code)
    {
        using var folder = new TestFolder();
        var lines = Log.TlogProof(7).Split('\n').ToList();
        switch (what)
        {
            case "cut by a hash": lines.RemoveAt(2); break;
            case "longer by a hash": lines.Insert(2, Convert.ToBase64String(new byte[32])); break;
            case "hashes in another order": (lines[2], lines[3]) = (lines[3], lines[2]); break;
            case "of another position": lines[1] = "index 8"; break;
            case "of a position beyond the size": lines[1] = "index 300"; break;
            case "a hash cut by a byte": lines[2] = Convert.ToBase64String(new byte[31]); break;
            case "a control character": lines[^2] += "\a"; break;
            case "a line ending of Windows": lines = [.. lines.Select(l => l + "\r")]; break;
            case "cut within the note": lines.RemoveRange(lines.Count - 3, 3); break;
            case "empty": lines.Clear(); break;
        }

        var proof = folder.Write("proof", string.Join('\n', lines));
        var entry = folder.Write("entry", Log.EntryAt(7));
        var key = what == "signed by another key" ? Stranger : Log.Key;

        await ShouldEndAsync(code, "proof", "--file", proof, "--vkey", key.Vkey, "--entry", entry);
    }

    static byte[] Signed(string size, byte[]? root = null)
    {
        var body = $"{TestLog.Origin}\n{size}\n{Convert.ToBase64String(root ?? Log.Root)}\n";
        return Utf8($"{body}\n{Log.Key.Line(body)}");
    }

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    static async Task ShouldEndAsync(int code, params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var root = new RootCommand { AuditCommand.Create(TimeProvider.System) };

        var ended = await root.Parse(["audit", .. arguments], new() { ResponseFileTokenReplacer = null })
            .InvokeAsync(new() { Output = output, Error = error, EnableDefaultExceptionHandler = false });

        (ended, output.ToString()).ShouldBe((code, ""), error.ToString());
        error.ToString().TrimEnd('\n').ShouldNotContain('\n');
        error.ToString().Length.ShouldBeInRange(10, 300);
    }
}
