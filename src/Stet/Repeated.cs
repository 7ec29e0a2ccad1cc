namespace Stet;

/// <summary>Work in the background that is done again and again for as long as the service runs.</summary>
static class Repeated
{
    /// <summary>Does the work, pauses, and so on until it is stopped. What fails is done again after the pause.</summary>
    /// <param name="work">One round.</param>
    /// <param name="pause">From the end of a round to the next one.</param>
    /// <param name="clock">Measures the pause.</param>
    /// <param name="failed">Told why a round failed, unless the one before failed too.</param>
    /// <param name="stopping">The service stops.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task> work, TimeSpan pause, TimeProvider clock, Action<Exception> failed, CancellationToken stopping)
    {
        var isAway = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await work(stopping);
                isAway = false;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) // most often the database is away; whatever it is, the service goes on
            {
                if (!isAway) failed(e);
                isAway = true;
            }

            await Task.Delay(pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
