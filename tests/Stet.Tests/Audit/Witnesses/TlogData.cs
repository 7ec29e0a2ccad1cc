using System.Text.Json;

namespace Stet.Tests.Audit.Witnesses;

/// <summary>The test data for transparency logs, which is kept outside of the repository.</summary>
static class TlogData
{
    /// <summary>A file of <c>../shared/data/tlog</c>, seen from the folder that holds Stet.sln.</summary>
    public static JsonDocument Read(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Stet.sln"))) folder = folder.Parent;

        var file = Path.Combine(folder!.FullName, "..", "shared", "data", "tlog", name);
        File.Exists(file).ShouldBeTrue($"this test reads {file}, which is not there");
        return JsonDocument.Parse(File.ReadAllText(file));
    }
}
