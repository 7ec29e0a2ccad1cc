using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using System.Text.Json;
using Stet.AuditLog;
using Stet.Http;
using Stet.Policy.Decisions;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// The report of a dry run: lines of canonical JSON (RFC 8785), each ended by LF. The first says what was compared and
/// counts; then comes a line for each decision that would change, in log order. Kept compressed, in pieces.
/// </summary>
/// <param name="Digest">SHA-256 of the whole text, 64 hexadecimal digits.</param>
/// <param name="Pieces">The text in order, each piece compressed by itself.</param>
sealed record DiffReport(string Digest, IReadOnlyList<byte[]> Pieces);

/// <summary>Gathers the lines of a report.</summary>
sealed class DiffReportBuilder
{
    const int PieceBytes = 1 << 20;

    readonly ArrayBufferWriter<byte> open = new(PieceBytes);
    readonly List<byte[]> pieces = [];

    /// <summary>Adds whole lines.</summary>
    public void Add(ReadOnlySpan<byte> lines)
    {
        open.Write(lines);
        if (open.WrittenCount >= PieceBytes) Close();
    }

    /// <summary>Puts the first line before the others.</summary>
    public DiffReport Finish(string candidate, PolicyBaseline? baseline, long from, long to, DiffTally tally)
    {
        if (open.WrittenCount > 0) Close();

        var head = Compress(Head(candidate, baseline, from, to, tally));
        IReadOnlyList<byte[]> all = [head, .. pieces];
        return new DiffReport(DiffReports.DigestOf(all), all);
    }

    void Close()
    {
        pieces.Add(Compress(open.WrittenSpan));
        open.ResetWrittenCount();
    }

    static byte[] Compress(ReadOnlySpan<byte> text)
    {
        using var output = new MemoryStream();
        using (var deflate = new BrotliStream(output, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(text);
        return output.ToArray();
    }

    static byte[] Head(string candidate, PolicyBaseline? baseline, long from, long to, DiffTally tally)
    {
        var text = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("baseline"u8, baseline?.Candidate);
            json.WriteString("candidate"u8, candidate);
            json.WriteStartObject("counts"u8);
            Counts(json, "by_action", tally.Actions);
            Counts(json, "by_resource_type", tally.ResourceTypes);
            Counts(json, "by_subject_type", tally.SubjectTypes);
            json.WritePropertyName("total"u8);
            Counts(json, tally.Total);
            json.WriteEndObject();
            json.WriteNumber("from"u8, from);
            json.WriteNumber("to"u8, to);
            json.WriteEndObject();
        }

        var canonical = new ArrayBufferWriter<byte>(text.WrittenCount + 1);
        if (!CanonicalJson.TryWrite(text.WrittenSpan, canonical, out var error))
            throw new InvalidOperationException($"a report's first line has no canonical form: {error.Pointer} {error.Reason}");

        canonical.Write("\n"u8);
        return canonical.WrittenSpan.ToArray();
    }

    static void Counts(Utf8JsonWriter json, string name, SortedDictionary<string, long[]> rows)
    {
        json.WriteStartObject(name);
        foreach (var (key, row) in rows)
        {
            json.WritePropertyName(key);
            Counts(json, row);
        }

        json.WriteEndObject();
    }

    static void Counts(Utf8JsonWriter json, ReadOnlySpan<long> row)
    {
        json.WriteStartObject();
        for (var i = 0; i < row.Length; i++)
            if (row[i] > 0) json.WriteNumber(DiffTally.Classes[i], row[i]);

        json.WriteEndObject();
    }
}

/// <summary>Writes the lines of decisions that would change. Their members are written in canonical order.</summary>
sealed class DiffLines
{
    /// <summary>The lines so far.</summary>
    public ArrayBufferWriter<byte> Text { get; } = new(1_024);

    /// <summary>Adds the line of a decision.</summary>
    public void Add(long position, DecisionChange change)
    {
        const int mostDigits = 19;
        var (start, end) = change.Line;
        var room = Text.GetSpan(start.Length + mostDigits + end.Length);
        start.CopyTo(room);
        Utf8Formatter.TryFormat(position, room[start.Length..], out var digits);
        end.CopyTo(room[(start.Length + digits)..]);
        Text.Advance(start.Length + digits + end.Length);
    }

    /// <summary>The line of a change up to the position's value, and what follows it, the LF included.</summary>
    public static (byte[] Start, byte[] End) Of(DecisionChange change)
    {
        var line = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(line, JsonAnswer.Readable))
        {
            json.WriteStartObject();
            json.WriteString("action"u8, change.Action);
            if (change.Compared.After is { } after) Write(json, "after"u8, after);
            if (change.Compared.Before is { } before) Write(json, "before"u8, before);
            json.WriteString("class"u8, change.Class);
            json.WriteEndObject();
        }

        var start = Canonical(line);
        line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(line, JsonAnswer.Readable))
        {
            json.WriteStartObject();
            json.WriteString("resource_type"u8, change.ResourceType);
            json.WriteString("subject_type"u8, change.SubjectType);
            json.WriteEndObject();
        }

        return ([.. start.AsSpan(0, start.Length - 1), .. ",\"position\":"u8], [(byte)',', .. Canonical(line).AsSpan(1), (byte)'\n']);
    }

    static byte[] Canonical(ArrayBufferWriter<byte> json)
    {
        var canonical = new ArrayBufferWriter<byte>(json.WrittenCount);
        return CanonicalJson.TryWrite(json.WrittenSpan, canonical, out var error)
            ? canonical.WrittenSpan.ToArray()
            : throw new InvalidOperationException($"a line of a report has no canonical form: {error.Pointer} {error.Reason}");
    }

    static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, in ReplayedResult result)
    {
        json.WriteStartObject(name);
        json.WriteString("class"u8, result.Effective.Class.Name());
        if (result.Effective.Code is { } code) json.WriteString("code"u8, code);
        json.WriteBoolean("decision"u8, result.Effective.Decision);
        json.WriteStartArray("determining"u8);
        foreach (var id in result.Determining) json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteStartArray("errors"u8);
        foreach (var error in result.Raw?.Errors ?? default)
        {
            json.WriteStartObject();
            json.WriteString("kind"u8, error.Kind);
            json.WriteString("policy"u8, error.Policy);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("obligations"u8);
        foreach (var obligation in result.Effective.Obligations) json.WriteStringValue(obligation.Id);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
