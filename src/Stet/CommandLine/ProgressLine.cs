namespace Stet.CommandLine;

/// <summary>One line on the terminal that is written over; nothing when the output goes elsewhere.</summary>
sealed class ProgressLine(TimeProvider clock) : IDisposable
{
    static readonly TimeSpan every = TimeSpan.FromMilliseconds(200);

    readonly bool isTerminal = !Console.IsErrorRedirected;
    long? written;

    public void Show(string text)
    {
        if (!isTerminal || (written is { } last && clock.GetElapsedTime(last) < every)) return;

        written = clock.GetTimestamp();
        Console.Error.Write($"\r\e[K{text}");
    }

    /// <summary>Takes the line away, so that something else can be written.</summary>
    public void Clear()
    {
        if (written is not null) Console.Error.Write("\r\e[K");
        written = null;
    }

    public void Dispose() => Clear();
}
