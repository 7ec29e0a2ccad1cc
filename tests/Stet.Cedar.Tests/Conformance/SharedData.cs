namespace Stet.Cedar.Tests.Conformance;

/// <summary>The Cedar project's conformance data, which is not part of this repository.</summary>
static class SharedData
{
    static readonly string Folder = Path.Combine(Path.GetDirectoryName(Root(AppContext.BaseDirectory))!, "shared", "data", "cedar");

    /// <summary>The full path of a file; fails the test plainly when the data is not there.</summary>
    internal static string PathOf(string file)
    {
        var path = Path.Combine(Folder, file);
        if (!Path.Exists(path)) Assert.Fail($"Conformance data is missing: put the Cedar project's data at `../shared/data/cedar`; `{file}` was looked for.");
        return path;
    }

    internal static string Text(string file) => File.ReadAllText(PathOf(file));

    static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "Stet.sln")) ? folder : Root(Path.GetDirectoryName(folder)!);
}
