using System.Text.Json;
using Stet.Client.Tests.AuditLog;

namespace Stet.Client.Tests.Pcs;

/// <summary>The PCS vectors, which lie beside the checkout.</summary>
static class PcsVectors
{
    static readonly Lazy<JsonElement> all = new(() => JsonDocument.Parse(File.ReadAllBytes(Path())).RootElement);

    public static JsonElement Of(string name) => all.Value.GetProperty(name);

    public static JsonElement Golden(string name) => Of("golden").EnumerateArray().Single(golden => golden.Text("name") == name);

    static string Path()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Stet.sln"))) folder = folder.Parent;
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder!.FullName, "..", "shared", "data", "pcs", "vectors.json"));
        return File.Exists(path) ? path : throw new InvalidOperationException($"the PCS test data is missing: put it at {path}");
    }
}
