namespace Stet.Tests.Readme;

/// <summary>The checkout that the tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Stet.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
