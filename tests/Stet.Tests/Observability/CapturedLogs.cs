using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Stet.Tests.Observability;

sealed record LogLine(string Category, LogLevel Level, string Message, Exception? Exception);

/// <summary>Keeps what is logged.</summary>
sealed class CapturedLogs : ILoggerProvider
{
    readonly ConcurrentQueue<LogLine> lines = [];

    public IReadOnlyList<LogLine> Lines => [.. lines];

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, lines);

    public void Dispose() => lines.Clear();

    sealed class Logger(string category, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(category, logLevel, formatter(state, exception), exception));
    }
}
