namespace Stet.Audit.Witnesses;

/// <summary>
/// How long a witness that fails is left alone: 1 s after the first failure, twice as long after each further one, 60 s
/// at most, each time shortened by up to a half at random, so that services do not ask it all at the same moment.
/// </summary>
sealed class BackOff(TimeProvider clock, Func<double> random)
{
    static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    readonly Lock gate = new();
    int failures;
    DateTimeOffset failedAt;
    TimeSpan pause;

    /// <summary>How long it is still to be left alone; zero: no longer.</summary>
    public TimeSpan Remaining
    {
        get
        {
            lock (gate)
            {
                // A clock that was set back ends the pause.
                var passed = clock.GetUtcNow() - failedAt;
                return passed >= TimeSpan.Zero && passed < pause ? pause - passed : TimeSpan.Zero;
            }
        }
    }

    /// <summary>It answered as it should.</summary>
    public void Succeeded()
    {
        lock (gate) (failures, pause) = (0, default);
    }

    /// <summary>It failed. A failure of a request from before the pause does not make it longer.</summary>
    public void Failed()
    {
        lock (gate)
        {
            if (Remaining > TimeSpan.Zero) return;

            var longest = failures < 6 ? First * (1 << failures) : Longest;
            failures++;
            (failedAt, pause) = (clock.GetUtcNow(), longest * (1 - (random() / 2)));
        }
    }
}
