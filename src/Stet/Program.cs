using Stet.CommandLine;

// Ctrl+C and SIGTERM cancel the command; it ends in good order, PostgreSQL last, which may take its time.
return await StetCommand.Create().Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(5) });
