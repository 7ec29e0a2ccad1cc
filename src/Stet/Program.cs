using Stet.CommandLine;

// Ctrl+C and SIGTERM cancel the command; it ends in good order, PostgreSQL last, which may take its time.
// `@FILE` is an argument of ours, not a file of further arguments.
return await StetCommand.Create().Parse(args, new() { ResponseFileTokenReplacer = null }).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });
