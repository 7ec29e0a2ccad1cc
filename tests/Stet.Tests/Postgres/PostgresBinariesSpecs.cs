using Stet.Postgres;

namespace Stet.Tests.Postgres;

public class PostgresBinariesSpecs
{
    static readonly PostgresBinaries nine = new("/opt/nine/bin", new PostgresVersion(9, 6));
    static readonly PostgresBinaries fifteen = new("/usr/lib/postgresql/15/bin", new PostgresVersion(15, 14));
    static readonly PostgresBinaries seventeen = new("/usr/lib/postgresql/17/bin", new PostgresVersion(17, 2));

    [Fact]
    public void Those_on_the_path_come_before_newer_ones_of_the_distribution() =>
        PostgresBinaries.Choose([fifteen], [seventeen]).ShouldBe(fifteen);

    [Fact]
    public void The_newest_of_the_distribution_is_taken() =>
        PostgresBinaries.Choose([], [fifteen, seventeen, nine]).ShouldBe(seventeen);

    [Fact]
    public void Those_on_the_path_that_are_too_old_are_passed_over() =>
        PostgresBinaries.Choose([nine], [fifteen]).ShouldBe(fifteen);

    [Fact]
    public void Without_any_the_message_names_the_ways_out()
    {
        var failure = Should.Throw<PrivateClusterException>(() => PostgresBinaries.Choose([], []));

        foreach (var way in new[] { "apt install", "dnf install", "brew install", "STET_PG_BIN", "--connection", "docker compose" })
            failure.Message.ShouldContain(way);
    }

    [Fact]
    public void Without_a_new_one_the_message_says_what_was_found() =>
        Should.Throw<PrivateClusterException>(() => PostgresBinaries.Choose([nine], []))
            .Message.ShouldContain("found 9.6 in /opt/nine/bin");

    [Fact]
    public async Task A_named_folder_without_them_is_an_error_and_no_fall_through()
    {
        var failure = await Should.ThrowAsync<PrivateClusterException>(() =>
            PostgresBinaries.FindAsync("/nowhere", "/usr/bin", CancellationToken.None));

        failure.Message.ShouldContain("STET_PG_BIN is /nowhere");
    }

    [Fact]
    public void A_named_folder_with_old_ones_is_an_error() =>
        Should.Throw<PrivateClusterException>(() => PostgresBinaries.Named(nine.Folder, nine))
            .Message.ShouldContain("is PostgreSQL 9.6; Stet needs 15 or later");

    [Fact]
    public async Task A_named_folder_is_used_whatever_is_on_the_path()
    {
        var installed = await PostgresBinaries.FindAsync(CancellationToken.None);

        (await PostgresBinaries.FindAsync(installed.Folder, "", CancellationToken.None)).ShouldBe(installed);
    }

    [Fact]
    public void Relative_and_repeated_entries_of_the_path_are_left_out() =>
        PostgresBinaries.FoldersOf("/usr/bin:bin::/usr/bin/:/opt/pg/bin").ShouldBe(["/usr/bin", "/opt/pg/bin"]);
}
