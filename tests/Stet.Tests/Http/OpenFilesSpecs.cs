using Stet.Http;
using Stet.Postgres;

namespace Stet.Tests.Http;

public class OpenFilesSpecs
{
    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024L)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max cpu time              5                    5                    seconds   ", null)]
    public void The_limit_in_force_is_read(string line, long? limit) =>
        OpenFiles.Parse(["Limit                     Soft Limit           Hard Limit           Units     ", line]).ShouldBe(limit);

    [Fact]
    public void Connections_leave_files_for_the_service_itself() => OpenFiles.MostConnections(1024).ShouldBe(724);

    [Theory]
    [InlineData(399L, CheckOutcome.Failure)]
    [InlineData(400L, CheckOutcome.Ok)]
    [InlineData(null, CheckOutcome.Ok)]
    public void A_limit_that_leaves_too_little_fails(long? limit, CheckOutcome outcome) =>
        OpenFiles.Check(limit).Outcome.ShouldBe(outcome);

    [Fact]
    public void This_process_has_enough() => OpenFiles.Check(OpenFiles.Limit).Outcome.ShouldBe(CheckOutcome.Ok);
}
