using System.Text.Json.Nodes;

namespace Stet.Tests.Policy.AuthZen;

/// <summary>The conformance data of AuthZEN, which is not part of this repository.</summary>
static class SharedData
{
    static readonly string folder = Path.Combine(Path.GetDirectoryName(Root(AppContext.BaseDirectory))!, "shared", "data", "authzen");

    /// <summary>The content of a file; fails the test plainly when the data is not there.</summary>
    public static JsonNode Json(string file)
    {
        var path = Path.Combine(folder, file);
        if (!File.Exists(path))
            Assert.Fail($"Conformance data is missing: put the AuthZEN data at `../shared/data/authzen`; `{file}` was looked for.");
        return JsonNode.Parse(File.ReadAllText(path))!;
    }

    static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "Stet.sln")) ? folder : Root(Path.GetDirectoryName(folder)!);
}
