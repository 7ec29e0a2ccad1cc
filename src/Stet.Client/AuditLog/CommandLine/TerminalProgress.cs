namespace Stet.Client.AuditLog.CommandLine;

/// <summary>One line on standard error that is written over; nothing when that goes elsewhere.</summary>
sealed class TerminalProgress(string what, TimeProvider clock) : IProgress<long>
{
    static readonly TimeSpan every = TimeSpan.FromMilliseconds(200);

    readonly Lock writing = new();
    readonly bool isTerminal = !Console.IsErrorRedirected;
    long last = clock.GetTimestamp();
    bool isWritten;

    public void Report(long value)
    {
        if (!isTerminal) return;

        lock (writing)
        {
            if (clock.GetElapsedTime(last) < every) return;

            (last, isWritten) = (clock.GetTimestamp(), true);
            Console.Error.Write($"\r\e[K{value} {what}");
        }
    }

    public void End()
    {
        if (isWritten) Console.Error.Write("\r\e[K");
    }
}
