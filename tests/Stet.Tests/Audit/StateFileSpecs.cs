using System.Text;
using Stet.Audit;
using Stet.AuditLog;

namespace Stet.Tests.Audit;

public sealed class StateFileSpecs : IDisposable
{
    static readonly SignerKey Key = new("log.example", SignatureType.Ed25519, new byte[32]);

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("stet-state-");

    string File => Path.Combine(folder.FullName, "audit-state");

    [Fact]
    public async Task The_newest_checkpoint_of_every_log_is_remembered()
    {
        using (var state = StateFile.Open(File))
        {
            await Task.WhenAll(Enumerable.Range(1, 50).Select(i => state.KeepAsync(Of($"a{i % 5}", i))));
            await state.KeepAsync(Of("a1", 3));
            state.Newest("a1")!.Size.ShouldBe(46);
            state.Newest("b").ShouldBeNull();
        }

        StateFile.Read(File).Values.Select(c => (c.Origin, c.Size)).Order()
            .ShouldBe([("a0", 50), ("a1", 46), ("a2", 47), ("a3", 48), ("a4", 49)]);
        using var again = StateFile.Open(File);
        again.Newest("a4")!.Note.ToString().ShouldBe(Of("a4", 49).Note.ToString());
    }

    [Fact]
    public async Task What_is_kept_is_in_the_file_when_it_may_be_handed_out()
    {
        using var state = StateFile.Open(File);

        await state.KeepAsync(Of("a", 1));

        StateFile.Read(File)["a"].Size.ShouldBe(1);
    }

    [Fact]
    public async Task A_record_that_a_crash_cut_off_is_forgotten()
    {
        using (var state = StateFile.Open(File))
        {
            await state.KeepAsync(Of("a", 1));
            await state.KeepAsync(Of("a", 2));
        }

        var whole = await RecordsAsync();
        for (var length = whole.Length - 1; length > whole.Length / 2; length -= 7)
        {
            await System.IO.File.WriteAllBytesAsync(File, whole[..length]);
            StateFile.Read(File)["a"].Size.ShouldBe(1);
        }

        using var again = StateFile.Open(File);
        await again.KeepAsync(Of("a", 3));
        StateFile.Read(File)["a"].Size.ShouldBe(3);
    }

    [Fact]
    public async Task A_flush_of_which_a_crash_left_only_the_later_pages_is_forgotten()
    {
        byte[] before;
        using (var state = StateFile.Open(File))
        {
            await state.KeepAsync(Of("a", 1));
            before = await RecordsAsync();
            await state.KeepAsync(Of("b", 1));
            await state.KeepAsync(Of("c", 1));
        }

        var torn = await System.IO.File.ReadAllBytesAsync(File);
        torn.AsSpan(before.Length, 100).Clear();
        await System.IO.File.WriteAllBytesAsync(File, torn);
        Should.Throw<StateFileException>(() => StateFile.Read(File)).Message.ShouldContain("damaged");

        "also"u8.CopyTo(torn.AsSpan(torn.AsSpan().LastIndexOf("note "u8))); // c as part of the flush that begins with b
        await System.IO.File.WriteAllBytesAsync(File, torn);
        StateFile.Read(File).Keys.ShouldBe(["a"]);
    }

    [Fact]
    public async Task Notes_that_are_kept_at_one_time_are_each_written_once_and_read_again()
    {
        using (var state = StateFile.Open(File))
            await Task.WhenAll(Enumerable.Range(1, 300).Select(i => Task.Run(() => state.KeepAsync(Of($"a{i}", i)))));

        StateFile.Read(File).Count.ShouldBe(300);
        System.IO.File.ReadLines(File).Count(l => l.StartsWith("note ", StringComparison.Ordinal) || l.StartsWith("also ", StringComparison.Ordinal))
            .ShouldBe(300);
    }

    [Fact]
    public async Task A_flush_writes_into_space_that_the_file_has_already()
    {
        using var state = StateFile.Open(File);
        await state.KeepAsync(Of("a", 1));
        var length = new FileInfo(File).Length;

        for (var i = 2; i <= 20; i++) await state.KeepAsync(Of("a", i));

        new FileInfo(File).Length.ShouldBe(length);
        StateFile.Read(File)["a"].Size.ShouldBe(20);
    }

    [Fact]
    public async Task A_damaged_file_stops_the_start()
    {
        using (var state = StateFile.Open(File))
        {
            await state.KeepAsync(Of("a", 1));
            await state.KeepAsync(Of("a", 2));
        }

        var damaged = await System.IO.File.ReadAllBytesAsync(File);
        damaged[100] ^= 1;
        await System.IO.File.WriteAllBytesAsync(File, damaged);

        Should.Throw<StateFileException>(() => StateFile.Open(File)).Message.ShouldContain("Restore it");
    }

    [Fact]
    public async Task An_end_that_cannot_be_read_is_counted_and_the_file_kept()
    {
        using (var state = StateFile.Open(File))
            foreach (var origin in (string[])["a", "b", "c"]) await state.KeepAsync(Of(origin, 1));
        var text = Encoding.UTF8.GetString(await RecordsAsync());
        var damaged = text[..4] + text[4..].Replace("note ", "n0te ", StringComparison.Ordinal);
        await System.IO.File.WriteAllTextAsync(File, damaged);

        using var again = StateFile.Open(File);

        again.Unread.ShouldBe(Encoding.UTF8.GetByteCount(text[text.IndexOf("note ", 4, StringComparison.Ordinal)..]));
        again.All.Count.ShouldBe(1);
        (await System.IO.File.ReadAllTextAsync(again.Damaged)).ShouldBe(damaged);
        again.Dispose();
        using var third = StateFile.Open(File);
        third.Unread.ShouldBe(0);
    }

    [Fact]
    public async Task A_file_without_any_record_that_can_be_read_is_refused()
    {
        using (var state = StateFile.Open(File))
            foreach (var origin in (string[])["a", "b", "c"]) await state.KeepAsync(Of(origin, 1));
        var text = Encoding.UTF8.GetString(await RecordsAsync());
        await System.IO.File.WriteAllTextAsync(File, text.Replace("note ", "n0te ", StringComparison.Ordinal));

        Should.Throw<StateFileException>(() => StateFile.Open(File)).Message.ShouldContain("damaged");
    }

    [Fact]
    public void Two_instances_do_not_share_a_file()
    {
        using var state = StateFile.Open(File);

        Should.Throw<StateFileException>(() => StateFile.Open(File)).Message.ShouldContain("Audit:Folder");
    }

    [Fact]
    public async Task A_long_file_is_made_short_again_while_it_is_in_use()
    {
        using var state = StateFile.Open(File, compactAbove: 2_000);

        for (var i = 1; i <= 100; i++) await state.KeepAsync(Of("a", i));

        (await RecordsAsync()).Length.ShouldBeLessThan(3_000);
        StateFile.Read(File)["a"].Size.ShouldBe(100);
    }

    [Fact]
    public async Task A_file_whose_newest_checkpoints_alone_are_long_is_not_written_anew_at_each_flush()
    {
        using var state = StateFile.Open(File, compactAbove: 2_000);
        var renewed = 0;

        for (var i = 1; i <= 100; i++)
        {
            await state.KeepAsync(Of($"a{i % 20}", i));
            if (new FileInfo(File).Length < 1 << 20) renewed++;
        }

        renewed.ShouldBeInRange(1, 6);
        (await RecordsAsync()).Length.ShouldBeLessThan(20_000);
        StateFile.Read(File).Values.Select(c => c.Size).Order().ShouldBe(Enumerable.Range(81, 20).Select(i => (long)i));
    }

    [Fact]
    public async Task What_a_flush_failed_to_write_is_written_before_anything_older_is_handed_out()
    {
        using var state = StateFile.Open(File, compactAbove: 0);
        await state.KeepAsync(Of("a", 10));
        var inTheWay = Directory.CreateDirectory(File + ".new");
        await Should.ThrowAsync<IOException>(state.KeepAsync(Of("a", 12)));
        inTheWay.Delete();

        await state.KeepAsync(Of("a", 8));

        state.Newest("a")!.Size.ShouldBe(12);
        StateFile.Read(File)["a"].Size.ShouldBe(12);
    }

    [Fact]
    public async Task A_flush_that_fails_in_a_way_that_nobody_foresaw_is_told_and_the_next_one_goes_on()
    {
        using var state = StateFile.Open(File);
        var without = Of("a", 1) with { Note = null! };

        await Should.ThrowAsync<IOException>(() => state.KeepAsync(without));

        await state.KeepAsync(Of("a", 2)).WaitAsync(TimeSpan.FromSeconds(30));
        StateFile.Read(File)["a"].Size.ShouldBe(2);
    }

    public void Dispose() => folder.Delete(recursive: true);

    /// <summary>The file without the zeros at its end.</summary>
    async Task<byte[]> RecordsAsync() => [.. (await System.IO.File.ReadAllBytesAsync(File)).AsSpan().TrimEnd((byte)0)];

    static SignedCheckpoint Of(string origin, long size)
    {
        var checkpoint = new Checkpoint(origin, size, LogHash.Leaf(Encoding.UTF8.GetBytes($"{size}")));
        return new SignedCheckpoint(checkpoint, SignedNote.Sign(checkpoint.Text, Key));
    }
}
