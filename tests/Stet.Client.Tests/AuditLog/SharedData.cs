using System.Text.Json;

namespace Stet.Client.Tests.AuditLog;

/// <summary>Test vectors that lie beside the repository.</summary>
static class SharedData
{
    public static string? Folder { get; } = Find();

    public static JsonElement Json(string file) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder!, file))).RootElement;

    public static string Text(this JsonElement parent, string name) => parent.GetProperty(name).GetString()!;

    public static byte[] Bytes(this JsonElement parent, string name) => System.Text.Encoding.UTF8.GetBytes(parent.Text(name));

    public static byte[] Hex(this JsonElement parent, string name) => Convert.FromHexString(parent.Text(name));

    static string? Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Stet.sln"))) folder = folder.Parent;

        var data = folder?.Parent is { } parent ? Path.Combine(parent.FullName, "shared", "data", "tlog") : null;
        return Directory.Exists(data) ? data : null;
    }
}

/// <summary>A test that needs the vectors, and says so where they are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute() =>
        Skip = SharedData.Folder is null ? "The test vectors in ../shared/data/tlog are not on this machine." : null!;
}
