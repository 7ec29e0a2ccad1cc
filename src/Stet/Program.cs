using System.Runtime.InteropServices;
using Stet.CommandLine;

// Ctrl+C, SIGTERM and a terminal that closes cancel the command; it ends in good order, PostgreSQL last, which may take its time.
using var closing = new CancellationTokenSource();
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
{
    signal.Cancel = true;
    closing.Cancel();
});

// `@FILE` is an argument of ours, not a file of further arguments.
return await StetCommand.Create().Parse(args, new() { ResponseFileTokenReplacer = null })
    .InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(5) }, closing.Token);
