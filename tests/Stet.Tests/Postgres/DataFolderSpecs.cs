using System.Diagnostics;
using System.Text;
using Stet.Postgres;
using Stet.Testing;

namespace Stet.Tests.Postgres;

public sealed class DataFolderSpecs : IDisposable
{
    readonly string root = TestCluster.NewFolder();

    [Fact]
    public async Task A_second_service_on_the_folder_is_told_who_holds_it()
    {
        using var first = await OpenAsync("data");

        var failure = await Should.ThrowAsync<DataFolderInUseException>(() => OpenAsync("data"));

        failure.Holder.ShouldBe(Environment.ProcessId);
        failure.Message.ShouldContain($"in use by another Stet (process {Environment.ProcessId})");
    }

    [Fact]
    public async Task A_folder_that_was_let_go_can_be_taken_again()
    {
        (await OpenAsync("data")).Dispose();

        using var again = await OpenAsync("data");

        again.Path.ShouldBe(Path.Combine(root, "data"));
    }

    [Fact]
    public async Task Nobody_else_can_read_the_folder()
    {
        using var opened = await OpenAsync("data");

        const UnixFileMode readable = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode enterable = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

        (File.GetUnixFileMode(opened.Path) & readable).ShouldBe(UnixFileMode.None);
        (File.GetUnixFileMode(opened.SocketFolder) & (readable | enterable)).ShouldBe(UnixFileMode.None);
    }

    [Fact]
    public async Task A_socket_that_would_not_fit_in_the_folder_gets_one_of_its_own()
    {
        string elsewhere;

        using (var opened = await OpenAsync(new string('d', 100)))
        {
            elsewhere = opened.SocketFolder;

            DataFolder.IsFitForSocket(elsewhere).ShouldBeTrue();
            new DirectoryInfo(Path.Combine(opened.Path, "socket")).LinkTarget.ShouldBe(elsewhere);
        }

        Directory.Exists(elsewhere).ShouldBeFalse();
    }

    [Theory]
    [InlineData("/short", true)]
    [InlineData("/with space", true)]
    [InlineData("/with,comma", false)]
    public void A_comma_would_read_as_two_hosts(string folder, bool fit) =>
        DataFolder.IsFitForSocket(folder).ShouldBe(fit);

    [Fact]
    public void The_length_of_a_socket_path_is_counted_in_bytes()
    {
        var longest = "/" + new string('x', 102 - "/.s.PGSQL.5432".Length);

        Encoding.UTF8.GetByteCount(longest + "/.s.PGSQL.5432").ShouldBe(103);
        DataFolder.IsFitForSocket(longest).ShouldBeTrue();
        DataFolder.IsFitForSocket(longest[..^1] + "é").ShouldBeFalse();
    }

    [Fact]
    public async Task A_folder_of_other_peoples_files_is_left_alone()
    {
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(root, "home")).FullName, "letter"), "");

        var failure = await Should.ThrowAsync<PrivateClusterException>(() => OpenAsync("home"));

        failure.Message.ShouldContain("holds files that are not Stet's");
    }

    [Theory]
    [InlineData("kek")]
    [InlineData("audit-state")]
    public async Task A_folder_with_the_keys_of_a_service_is_known_and_not_to_be_deleted(string file)
    {
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(root, "keys")).FullName, file), "");

        var failure = await Should.ThrowAsync<PrivateClusterException>(() => OpenAsync("keys"));

        failure.Message.ShouldContain("holds the keys of a service");
        failure.Message.ShouldContain("do not delete it");
        failure.Message.ShouldContain("--connection");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named()
    {
        await File.WriteAllTextAsync(Path.Combine(root, "file"), "");

        var failure = await Should.ThrowAsync<PrivateClusterException>(() => OpenAsync("file/data"));

        failure.Message.ShouldContain($"The data folder {root}/file/data cannot be used");
    }

    [Fact]
    public async Task A_path_that_a_shell_would_read_differently_is_refused() =>
        (await Should.ThrowAsync<PrivateClusterException>(() => OpenAsync("$HOME"))).Message.ShouldContain("in its path");

    [Fact]
    public async Task Below_a_folder_that_is_closed_to_the_servers_account_the_data_goes_elsewhere()
    {
        var closed = Directory.CreateDirectory(
            Path.Combine(root, "closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

        string path;

        using (var opened = await OpenAsync("closed/data"))
            path = opened.Path;

        using var again = await OpenAsync("closed/data");

        again.Path.ShouldBe(path);

        // For an ordinary user the server runs under the same account, to which nothing is closed.
        path.ShouldStartWith(Environment.IsPrivilegedProcess ? "/var/lib/stet/" : closed);
        File.Exists(Path.Combine(closed, "data", "service.lock")).ShouldBeTrue();

        if (Environment.IsPrivilegedProcess) Directory.Delete(path, recursive: true);
    }

    [Fact]
    public async Task A_start_that_was_killed_before_the_socket_folder_had_its_owner_is_made_up_for()
    {
        using (await OpenAsync("data")) { }
        var run = Path.Combine(root, "data", "run");
        var owner = await OwnerAsync(run);
        Directory.Delete(run);
        Directory.CreateDirectory(run, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        using var again = await OpenAsync("data");

        (await OwnerAsync(run)).ShouldBe(owner);
    }

    static async Task<string> OwnerAsync(string folder)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%U", folder]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        return await stat.StandardOutput.ReadToEndAsync();
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    Task<DataFolder> OpenAsync(string name) => DataFolder.OpenAsync(Path.Combine(root, name), CancellationToken.None);
}
