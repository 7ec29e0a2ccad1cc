using SensorFleet;
using Stet.Client.Api;

// Three sensors summarise what they measure and send signed documents: one is honest, one lies about its own numbers, one
// loses its network and catches up.
// Needs the service: dotnet run --project src/Stet. Another address than its default is the first argument.

var url = new Uri(args.FirstOrDefault() ?? "http://127.0.0.1:8080");
using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
var folder = Directory.CreateTempSubdirectory("sensor-fleet-");
try
{
    await Story.TellAsync(url, folder.FullName, Console.Out, stop.Token);
    return 0;
}
catch (Exception e) when (e is HttpRequestException or StetException)
{
    Console.Error.WriteLine($"Stet at {url} does not take part: {e.Message}");
    Console.Error.WriteLine("Start it with: dotnet run --project src/Stet");
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine($"Stet at {url} takes too long to answer.");
    return 1;
}
finally
{
    folder.Delete(recursive: true);
}
