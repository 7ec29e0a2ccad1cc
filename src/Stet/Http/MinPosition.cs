using Stet.EventStore;

namespace Stet.Http;

/// <summary>A read may name the position that its answer must show at least: a client reads its own writes anywhere.</summary>
public static class MinPosition
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static QueryParameter Parameter { get; } =
        QueryParameter.Number("min_position", "The position of the log that the answer must reflect at least", 0);

    /// <exception cref="BadRequestException">The log did not get there within two seconds.</exception>
    public static async ValueTask WaitAsync(HttpContext http, Store store, string tenantId)
    {
        if (new RequestQuery(http.Request.Query).Number("min_position", 0, long.MaxValue) is not { } wanted) return;

        var deadline = Environment.TickCount64 + (long)Longest.TotalMilliseconds;
        while (true)
        {
            var reached = await store.PositionAsync(tenantId, http.RequestAborted);
            if (reached >= wanted) return;
            if (Environment.TickCount64 > deadline) throw new BadRequestException(RequestProblems.PositionNotReached(wanted, reached));
            await Task.Delay(Pause, http.RequestAborted);
        }
    }
}
