using Stet.EventStore;

namespace Stet.Http;

/// <summary>A read may name the position that its answer must show at least: a client reads its own writes anywhere.</summary>
public sealed class MinPosition(Store store)
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>However many wait for a tenant's log, one looks.</summary>
    readonly Coalescer<string, long> looks = new(tenantId => store.PositionAsync(tenantId, CancellationToken.None));

    public static QueryParameter Parameter { get; } =
        QueryParameter.Number("min_position", "The position of the log that the answer must reflect at least", 0);

    /// <exception cref="BadRequestException">The log did not get there within two seconds.</exception>
    public static ValueTask WaitAsync(HttpContext http, string tenantId) =>
        new RequestQuery(http.Request.Query).Number("min_position", 0, long.MaxValue) is { } wanted
            ? new(http.RequestServices.GetRequiredService<MinPosition>().WaitAsync(tenantId, wanted, http.RequestAborted))
            : ValueTask.CompletedTask;

    async Task WaitAsync(string tenantId, long wanted, CancellationToken cancel)
    {
        var deadline = Environment.TickCount64 + (long)Longest.TotalMilliseconds;
        while (true)
        {
            var reached = await looks.RunAsync(tenantId, cancel);
            if (reached >= wanted) return;
            if (Environment.TickCount64 > deadline) throw new BadRequestException(RequestProblems.PositionNotReached(wanted, reached));
            await Task.Delay(Pause, cancel);
        }
    }
}
