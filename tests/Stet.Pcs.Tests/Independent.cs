using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Stet.Pcs.Tests;

/// <summary>The definitions once more, written for plainness and sharing no code with the product.</summary>
static class Independent
{
    public static string RootOfV01(IEnumerable<byte[]> chunks)
    {
        var level = chunks.Select(chunk => Hex(SHA256.HashData(chunk))).ToList();
        if (level.Count == 0) return new string('0', 64);

        while (level.Count > 1)
        {
            if (level.Count % 2 == 1) level.Add(level[^1]);
            level =
                [.. level.Chunk(2).Select(pair => Hex(SHA256.HashData(Encoding.ASCII.GetBytes(pair[0] + pair[1]))))];
        }

        return level[0];
    }

    public static string RootOfV10(IReadOnlyList<byte[]> chunks) => Hex(Node(chunks));

    /// <summary>RFC 8785 by sorting the names of a JSON tree. Numbers are printed by the caller.</summary>
    public static string Canonical(JsonNode? node, Func<JsonValue, string> number) => node switch
    {
        null => "null",
        JsonObject o => $"{{{string.Join(',', o.OrderBy(m => m.Key, StringComparer.Ordinal)
            .Select(m => $"{Quoted(m.Key)}:{Canonical(m.Value, number)}"))}}}",
        JsonArray a => $"[{string.Join(',', a.Select(item => Canonical(item, number)))}]",
        JsonValue v => v.GetValueKind() switch
        {
            JsonValueKind.String => Quoted(v.GetValue<string>()),
            JsonValueKind.Number => number(v),
            JsonValueKind.True => "true",
            _ => "false",
        },
        _ => throw new ArgumentException("no JSON", nameof(node)),
    };

    /// <summary>As ECMAScript prints a double, out of the text that .NET prints.</summary>
    public static string EcmaScript(double value)
    {
        if (value == 0) return "0";
        var text = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture);
        for (var precision = 0; precision < 17; precision++)
        {
            text = Math.Abs(value).ToString($"E{precision}", CultureInfo.InvariantCulture);
            if (double.Parse(text, CultureInfo.InvariantCulture) == Math.Abs(value)) break;
        }

        var parts = text.Split('E');
        var digits = parts[0].Replace(".", "", StringComparison.Ordinal);
        var n = int.Parse(parts[1], CultureInfo.InvariantCulture) + 1;
        var sign = value < 0 ? "-" : "";
        if (digits.Length <= n && n <= 21) return sign + digits.PadRight(n, '0');
        if (n is > 0 and <= 21) return $"{sign}{digits[..n]}.{digits[n..]}";
        if (n is > -6 and <= 0) return $"{sign}0.{new string('0', -n)}{digits}";
        var fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
        return $"{sign}{digits[0]}{fraction}e{(n > 0 ? "+" : "-")}{Math.Abs(n - 1)}";
    }

    /// <summary>As ECMAScript prints it, but for negative zero.</summary>
    public static string T2(double value) => value == 0 && double.IsNegative(value) ? "-0" : EcmaScript(value);

    /// <summary>As Python prints a float, out of the digits of ECMAScript.</summary>
    public static string T1(double value)
    {
        var text = T2(value);
        var magnitude = Math.Abs(value);
        if (value == 0 || (magnitude >= 1e-4 && magnitude < 1e16)) return text.Contains('.') ? text : $"{text}.0";

        var digits = text.Split('e')[0].Replace("-", "").Replace(".", "").TrimStart('0').TrimEnd('0');
        var exponent = (int)Math.Floor(Math.Log10(magnitude));
        if (double.Parse($"1e{exponent + 1}", CultureInfo.InvariantCulture) <= magnitude) exponent++;
        if (double.Parse($"1e{exponent}", CultureInfo.InvariantCulture) > magnitude) exponent--;
        var fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
        return $"{(value < 0 ? "-" : "")}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary>With quote and backslash escaped, and the units that are asked for as <c>\uXXXX</c>.</summary>
    public static string Escaped(string text, Func<char, bool> isEscaped) => $"\"{string.Concat(text.Select(c =>
        c is '"' or '\\' ? $"\\{c}" : isEscaped(c) ? $"\\u{(int)c:x4}" : c.ToString()))}\"";

    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\f' => "\\f",
                '\r' => "\\r",
                < ' ' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    public static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    static byte[] Node(IReadOnlyList<byte[]> chunks)
    {
        if (chunks.Count == 0) return SHA256.HashData([]);
        if (chunks.Count == 1) return SHA256.HashData([0, .. chunks[0]]);

        var split = 1;
        while (split * 2 < chunks.Count) split *= 2;
        return SHA256.HashData([1, .. Node([.. chunks.Take(split)]), .. Node([.. chunks.Skip(split)])]);
    }
}
