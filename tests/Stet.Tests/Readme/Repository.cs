using System.Reflection;

namespace Stet.Tests.Readme;

/// <summary>The checkout that the tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>What a guide's `dotnet run --project src/Stet --` is here: the program as it was built with the tests.</summary>
    public static string Run { get; } =
        $"dotnet run --no-build --no-launch-profile --configuration {Configuration} --project '{Path.Combine(Root, "src", "Stet")}' --";

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    static string Configuration => typeof(Repository).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Stet.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
