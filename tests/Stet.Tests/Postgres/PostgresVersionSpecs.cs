using Stet.Postgres;

namespace Stet.Tests.Postgres;

public class PostgresVersionSpecs
{
    [Theory]
    [InlineData("postgres (PostgreSQL) 15.14", 15, 14)]
    [InlineData("postgres (PostgreSQL) 17.2 (Debian 17.2-1.pgdg120+1)", 17, 2)]
    [InlineData("postgres (PostgreSQL) 19beta1", 19, 0)]
    [InlineData("postgres (PostgreSQL) 18devel", 18, 0)]
    public void What_a_server_prints_is_read(string printed, int major, int minor) =>
        PostgresVersion.Parse(printed).ShouldBe(new PostgresVersion(major, minor));

    [Theory]
    [InlineData("")]
    [InlineData("postgres: command not found")]
    [InlineData("mysqld  Ver 8.0.36")]
    public void Other_output_is_no_version(string printed) => PostgresVersion.Parse(printed).ShouldBeNull();

    [Fact]
    public void The_servers_number_is_read() => PostgresVersion.OfNumber(170_002).ShouldBe(new PostgresVersion(17, 2));

    [Fact]
    public void Minor_versions_compare_as_numbers() =>
        (new PostgresVersion(15, 9) < new PostgresVersion(15, 14)).ShouldBeTrue();
}
