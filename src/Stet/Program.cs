using Stet.CommandLine;

return await StetCommand.Create().Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null });
