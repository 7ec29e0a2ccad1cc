using System.Text.Json;

namespace Stet.AuditLog.Tests;

/// <summary>The test data of transparency logs, which lies beside the repository and is not part of it.</summary>
static class TlogData
{
    /// <summary>A file of <c>../shared/data/tlog</c>.</summary>
    public static JsonElement Read(string file)
    {
        var path = Path.Combine(Repository(), "..", "shared", "data", "tlog", file);
        if (!File.Exists(path)) throw new FileNotFoundException($"This test reads `{path}`: put the test data there.");

        using var stream = File.OpenRead(path);
        using var json = JsonDocument.Parse(stream);
        return json.RootElement.Clone();
    }

    public static IEnumerable<JsonElement> Items(this JsonElement json, string member) =>
        json.GetProperty(member).EnumerateArray();

    public static string Text(this JsonElement json, string member) => json.GetProperty(member).GetString()!;

    public static long Number(this JsonElement json, string member) => json.GetProperty(member).GetInt64();

    public static bool Flag(this JsonElement json, string member) => json.GetProperty(member).GetBoolean();

    public static byte[] Bytes(this JsonElement json, string member) => Convert.FromHexString(json.Text(member));

    /// <summary>A hash in hex.</summary>
    public static LogHash Hash(this JsonElement json, string member) => Hashes.Hex(json.Text(member));

    /// <summary>Hashes in hex.</summary>
    public static LogHash[] HashList(this JsonElement json, string member) =>
        [.. json.Items(member).Select(hash => Hashes.Hex(hash.GetString()!))];

    static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Stet.sln"))) return folder.FullName;

        throw new DirectoryNotFoundException("These tests run below the folder that holds Stet.sln.");
    }
}
