using System.Text;
using System.Text.Json;

namespace Stet.Pcs.Tests;

/// <summary>The specification's vectors and exchanges, which lie beside the checkout.</summary>
static class Vectors
{
    static readonly string folder = Path.Combine(Checkout(AppContext.BaseDirectory), "..", "shared", "data", "pcs");

    static readonly Lazy<JsonElement> all = new(() => JsonDocument.Parse(Read("vectors.json")).RootElement);

    public static JsonElement Of(string name) => all.Value.GetProperty(name);

    public static IEnumerable<JsonElement> Cases(string name) => Of(name).EnumerateArray();

    /// <summary>A line each, in the order of the file.</summary>
    public static IReadOnlyList<JsonElement> Exchanges { get; } =
        [.. Read("exchanges.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static double Number(this JsonElement element, string name) => element.GetProperty(name).GetDouble();

    public static long Integer(this JsonElement element, string name) => element.GetProperty(name).GetInt64();

    public static byte[] Utf8(this JsonElement element) => Encoding.UTF8.GetBytes(element.GetRawText());

    static string Read(string file)
    {
        var path = Path.GetFullPath(Path.Combine(folder, file));
        return File.Exists(path)
            ? File.ReadAllText(path)
            : throw new InvalidOperationException($"the PCS test data is missing: put `{file}` at {path}");
    }

    static string Checkout(string folder) =>
        File.Exists(Path.Combine(folder, "Stet.sln")) ? folder : Checkout(Path.GetDirectoryName(folder)!);
}
