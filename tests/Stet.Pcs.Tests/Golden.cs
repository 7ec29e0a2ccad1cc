using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Stet.Pcs.Tests;

/// <summary>The two golden inputs of the ecosystem.</summary>
static class Golden
{
    public static JsonElement Case(string name) =>
        Vectors.Cases("golden").Single(golden => golden.Text("name") == name);

    public static IEnumerable<string[]> Rows(JsonElement golden) => golden.Text("csv")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(','));

    public static RawStream Stream(JsonElement golden, PcsVersion version, int chunkSize)
    {
        var stream = new RawStream(version, chunkSize);
        foreach (var row in Rows(golden))
        {
            var texts = row.Select(Encoding.UTF8.GetBytes).ToArray();
            stream.AddRow(Number(row[0]), texts[1], texts[2], texts[3]);
        }

        return stream;
    }

    /// <summary>Points as they are listed, or of the golden input that is named.</summary>
    public static Point[] Points(JsonElement points) => points.ValueKind == JsonValueKind.String
        ? [.. Rows(Case(points.GetString()!)).Select(row => new Point(Number(row[1]), Number(row[2]), Number(row[3])))]
        : [.. points.EnumerateArray().Select(p => new Point(p[0].GetDouble(), p[1].GetDouble(), p[2].GetDouble()))];

    /// <summary>Within two units in the last place: platforms' logarithms differ in the last bit.</summary>
    public static void ShouldBeTheSame(Direction direction, JsonElement expected)
    {
        double[] components = [direction.X, direction.Y, direction.Z];
        for (var i = 0; i < 3; i++)
        {
            var distance = BitConverter.DoubleToInt64Bits(components[i]) -
                           BitConverter.DoubleToInt64Bits(expected[i].GetDouble());
            Math.Abs(distance).ShouldBeLessThanOrEqualTo(2, $"{components[i]:R} is not {expected[i]}");
        }
    }

    static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
