using System.Globalization;
using System.Text;
using System.Text.Json;
using Stet.Pcs;

namespace Stet.Client.Pcs;

/// <summary>How a line says what a row is.</summary>
abstract class RowFormat
{
    /// <summary>JSON lines for names that end in <c>.jsonl</c> or <c>.ndjson</c>, else CSV.</summary>
    public static RowFormat Of(string path) => Path.GetExtension(path).ToUpperInvariant() is ".JSONL" or ".NDJSON"
        ? new JsonRows()
        : new CsvRows();

    /// <summary>Whether the first line says which column is which.</summary>
    public abstract bool HasHeader { get; }

    /// <exception cref="AgentException">A column is missing, or there twice.</exception>
    public abstract void ReadHeader(ReadOnlySpan<byte> line);

    /// <exception cref="AgentException">The line is no row.</exception>
    public abstract EventRow Read(ReadOnlySpan<byte> line);

    protected static EventRow Row(
        ReadOnlySpan<byte> timestamp, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y, ReadOnlySpan<byte> z) => new(
        Number(timestamp, "timestamp"), new Point(Number(x, "x"), Number(y, "y"), Number(z, "z")), x, y, z);

    static double Number(ReadOnlySpan<byte> text, string name) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw new AgentException($"`{name}` is not a finite number");
}

/// <summary>Comma-separated values (RFC 4180, but that no value has a line end), columns by name.</summary>
sealed class CsvRows : RowFormat
{
    static readonly string[] names = ["timestamp", "x", "y", "z"];

    readonly int[] columns = new int[names.Length];
    Range[] fields = [];

    public override bool HasHeader => true;

    public override void ReadHeader(ReadOnlySpan<byte> line)
    {
        var found = new List<string>();
        for (var rest = line; ;)
        {
            found.Add(Encoding.UTF8.GetString(Field(ref rest, out var isLast)).Trim());
            if (isLast) break;
        }

        for (var i = 0; i < names.Length; i++)
        {
            columns[i] = found.IndexOf(names[i]);
            if (columns[i] < 0) throw new AgentException($"there is no column `{names[i]}`: the first line must name timestamp, x, y and z");
            if (found.LastIndexOf(names[i]) != columns[i]) throw new AgentException($"the column `{names[i]}` is there twice");
        }

        fields = new Range[columns.Max() + 1];
    }

    public override EventRow Read(ReadOnlySpan<byte> line)
    {
        var rest = line;
        for (var i = 0; i < fields.Length; i++)
        {
            var field = Field(ref rest, out var isLast);
            // Where the field lies, which no empty one needs to say.
            var start = field.IsEmpty ? 0 : Offset(line, field);
            fields[i] = start..(start + field.Length);
            if (isLast && i < fields.Length - 1) throw new AgentException("the row has too few columns");
        }

        return Row(line[fields[columns[0]]], line[fields[columns[1]]], line[fields[columns[2]]], line[fields[columns[3]]]);
    }

    static int Offset(ReadOnlySpan<byte> line, ReadOnlySpan<byte> field)
    {
        line.Overlaps(field, out var offset);
        return offset;
    }

    /// <summary>Takes the next field off the line. A quoted one is its text between the quotes.</summary>
    static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> rest, out bool isLast)
    {
        if (!rest.StartsWith((byte)'"'))
        {
            var comma = rest.IndexOf((byte)',');
            isLast = comma < 0;
            var field = isLast ? rest : rest[..comma];
            rest = isLast ? [] : rest[(comma + 1)..];
            return field;
        }

        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] != '"') continue;
            // Doubled, it is part of the text.
            if (i + 1 < rest.Length && rest[i + 1] == '"')
            {
                i++;
                continue;
            }

            isLast = i + 1 == rest.Length;
            if (!isLast && rest[i + 1] != ',') break;
            var field = rest[1..i];
            rest = isLast ? [] : rest[(i + 2)..];
            return field;
        }

        throw new AgentException("a quoted value does not end before its comma");
    }
}

/// <summary>A JSON object on each line; the texts of its numbers are the fields' texts.</summary>
sealed class JsonRows : RowFormat
{
    public override bool HasHeader => false;

    public override void ReadHeader(ReadOnlySpan<byte> line)
    {
    }

    public override EventRow Read(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> timestamp = default, x = default, y = default, z = default;
        var json = new Utf8JsonReader(line);
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) throw new AgentException("the line is not a JSON object");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("timestamp"u8)) timestamp = Number(ref json, timestamp);
                else if (json.ValueTextEquals("x"u8)) x = Number(ref json, x);
                else if (json.ValueTextEquals("y"u8)) y = Number(ref json, y);
                else if (json.ValueTextEquals("z"u8)) z = Number(ref json, z);
                else json.Skip();
            }

            if (json.Read()) throw new AgentException("there is something behind the object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // a name with half a surrogate pair
        {
            throw new AgentException("the line is not one JSON object");
        }

        if (timestamp.IsEmpty || x.IsEmpty || y.IsEmpty || z.IsEmpty) throw new AgentException("one of timestamp, x, y and z is missing");
        return Row(timestamp, x, y, z);
    }

    static ReadOnlySpan<byte> Number(scoped ref Utf8JsonReader json, ReadOnlySpan<byte> before)
    {
        if (!before.IsEmpty) throw new AgentException("a member is there twice");
        json.Read();
        return json.TokenType == JsonTokenType.Number ? json.ValueSpan : throw new AgentException("timestamp, x, y and z must be numbers");
    }
}
