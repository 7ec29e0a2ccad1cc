using System.Runtime.InteropServices;
using Stet.CommandLine;

// Ctrl+C, SIGTERM and a terminal that closes cancel the command; it ends in good order, PostgreSQL last, which may take its time.
using var closing = new CancellationTokenSource();
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
{
    signal.Cancel = true;
    closing.Cancel();
});

return await StetCommand.RunAsync(args, closing.Token);
