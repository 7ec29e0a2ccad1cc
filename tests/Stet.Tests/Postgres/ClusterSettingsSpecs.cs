using Stet.Postgres;

namespace Stet.Tests.Postgres;

public class ClusterSettingsSpecs
{
    const long GiB = 1L << 30;

    [Theory]
    [InlineData(GiB / 4, "128MB")]
    [InlineData(2 * GiB, "512MB")]
    [InlineData(8 * GiB, "2048MB")]
    [InlineData(256 * GiB, "2048MB")]
    public void The_buffers_take_a_quarter_of_memory_within_bounds(long memory, string buffers) =>
        ClusterSettings.For(memory, lz4: true).ShouldContain(("shared_buffers", buffers));

    [Theory]
    [InlineData(true, "lz4")]
    [InlineData(false, "on")]
    public void Page_images_are_compressed_by_what_the_server_can(bool lz4, string method) =>
        ClusterSettings.For(GiB, lz4).ShouldContain(("wal_compression", method));

    [Fact]
    public void Nothing_listens_on_the_network() =>
        ClusterSettings.For(GiB, lz4: true).ShouldContain(("listen_addresses", ""));

    [Fact]
    public void Durability_is_full() => ClusterSettings.Durability.ShouldBe(
        [("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")]);

    [Fact]
    public void The_file_quotes_values_and_ends_with_the_operators_own() =>
        ClusterSettings.ToFile([("work_mem", "8MB"), ("log_line_prefix", "o'clock ")], "/data/own.conf").ShouldBe(
            """
            # Written by Stet at every start. Your own settings go to /data/own.conf, which wins.

            work_mem = '8MB'
            log_line_prefix = 'o''clock '

            include_if_exists '/data/own.conf'

            """);
}
