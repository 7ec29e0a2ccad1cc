using System.Buffers;
using System.Globalization;
using System.Text;

namespace Stet.AuditLog;

/// <summary>
/// What the log holds of one event: canonical JSON (RFC 8785) of exactly the members <c>actor</c>, <c>at</c>,
/// <c>commit</c>, <c>id</c>, <c>schema</c>, <c>stream</c>, <c>type</c>, <c>v</c> and <c>version</c>.
/// </summary>
/// <param name="Actor">
/// The class of who caused it: <c>application</c>, <c>enforcer</c>, <c>agent</c>, <c>operator</c>, <c>auditor</c> or
/// <c>system</c>; never a name.
/// </param>
/// <param name="At">When it was recorded; anything below a microsecond is cut off.</param>
/// <param name="Commit">The commitment to its data, see <see cref="Commitment"/>.</param>
/// <param name="Id">Its id.</param>
/// <param name="Stream">The blinded id of its stream.</param>
/// <param name="StoredType">
/// Its type as stored: the event's name, with <c>_v</c> and the schema version behind it when that is 2 or more.
/// </param>
/// <param name="Version">Its position in the stream: 1 to 2^53 - 1, which canonical JSON carries.</param>
public readonly record struct AuditEntry(
    string Actor, DateTimeOffset At, LogHash Commit, Guid Id, Guid Stream, string StoredType, long Version)
{
    /// <summary>The most bytes an entry has.</summary>
    public const int MaxSize = 16 * 1024;

    const long MaxVersion = (1L << 53) - 1;

    const int TypicalSize = 512;

    /// <summary>The hash of the entry as a leaf of the log.</summary>
    /// <exception cref="AuditLogFormatException">A member is not what its parameter demands.</exception>
    public LogHash LeafHash()
    {
        var buffer = new PooledBuffer<byte>(TypicalSize);
        try
        {
            // In front of the entry, so that it is hashed where it was written.
            buffer.Add(LogHash.LeafPrefix);
            Write(ref buffer);
            return LogHash.Of(buffer.Written);
        }
        finally
        {
            buffer.Dispose();
        }
    }

    /// <summary>Writes the entry: UTF-8, one line, no line end.</summary>
    /// <param name="output">Receives the entry; nothing if a member is refused.</param>
    /// <exception cref="AuditLogFormatException">A member is not what its parameter demands.</exception>
    public void WriteTo(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var buffer = new PooledBuffer<byte>(TypicalSize);
        try
        {
            Write(ref buffer);
            output.Write(buffer.Written);
        }
        finally
        {
            buffer.Dispose();
        }
    }

    /// <summary>The entry as bytes, see <see cref="WriteTo"/>.</summary>
    /// <exception cref="AuditLogFormatException">A member is not what its parameter demands.</exception>
    public byte[] ToArray()
    {
        var output = new ArrayBufferWriter<byte>(TypicalSize);
        WriteTo(output);
        return output.WrittenSpan.ToArray();
    }

    // INVARIANT: leaves of such entries were signed. What is written here for v = 1 never changes.
    void Write(ref PooledBuffer<byte> text)
    {
        var start = text.Count;
        var (name, schema) = EventName(StoredType);
        if (Version is < 1 or > MaxVersion)
            throw new AuditLogFormatException($"The version {Version} is none: versions are 1 to {MaxVersion}.");

        text.Append("{\"actor\":\""u8);
        text.Append(ActorClass(Actor));
        text.Append("\",\"at\":\""u8);
        AppendTime(ref text, At);
        text.Append("\",\"commit\":\""u8);
        text.Advance(Commit.WriteBase64(text.Free(44)));
        text.Append("\",\"id\":\""u8);
        AppendFormatted(ref text, Id);
        text.Append("\",\"schema\":"u8);
        AppendFormatted(ref text, schema);
        text.Append(",\"stream\":\""u8);
        AppendFormatted(ref text, Stream);
        text.Append("\",\"type\":\""u8);
        AppendString(ref text, name);
        text.Append("\",\"v\":1,\"version\":"u8);
        AppendFormatted(ref text, Version);
        text.Add((byte)'}');

        if (text.Count - start > MaxSize)
            throw new AuditLogFormatException($"The entry has over {MaxSize} bytes: give the event a shorter type.");
    }

    static ReadOnlySpan<byte> ActorClass(string actor) => actor switch
    {
        "application" => "application"u8,
        "enforcer" => "enforcer"u8,
        "agent" => "agent"u8,
        "operator" => "operator"u8,
        "auditor" => "auditor"u8,
        "system" => "system"u8,
        _ => throw new AuditLogFormatException($"`{actor}` is not a class of actors."),
    };

    /// <summary>
    /// Parts the stored type. A suffix that no type is stored with, such as <c>_v1</c>, is refused: it would be a
    /// second spelling of the same entry.
    /// </summary>
    static (ReadOnlyMemory<char> Name, int Schema) EventName(string storedType)
    {
        var name = storedType.AsSpan().TrimEnd("0123456789");
        var digits = storedType.AsSpan(name.Length);
        if (digits.IsEmpty || !name.EndsWith("_v", StringComparison.Ordinal))
        {
            return storedType.Length > 0
                ? (storedType.AsMemory(), 1)
                : throw new AuditLogFormatException("An event without a type cannot be logged.");
        }

        if (name.Length == 2 || digits[0] == '0' ||
            !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var schema) || schema == 1)
        {
            throw new AuditLogFormatException(
                $"The type `{storedType}` does not end in a schema version from 2 on: rename the event.");
        }

        return (storedType.AsMemory(0, name.Length - 2), schema);
    }

    static void AppendTime(ref PooledBuffer<byte> text, DateTimeOffset at)
    {
        // yyyy-MM-ddTHH:mm:ss.fffffffZ, whatever the culture; the Z takes the place of the last digit.
        var written = text.Free(28);
        at.UtcDateTime.TryFormat(written, out _, "O", CultureInfo.InvariantCulture);
        written[26] = (byte)'Z';
        text.Advance(27);
    }

    static void AppendFormatted<T>(ref PooledBuffer<byte> text, T value) where T : IUtf8SpanFormattable
    {
        value.TryFormat(text.Free(36), out var written, default, CultureInfo.InvariantCulture);
        text.Advance(written);
    }

    static void AppendString(ref PooledBuffer<byte> text, ReadOnlyMemory<char> value)
    {
        for (var rest = value.Span; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var character, out var length) != OperationStatus.Done ||
                character.Value == 0)
            {
                throw new AuditLogFormatException("The type of the event is no text that can be stored: rename it.");
            }

            CanonicalString.Append(ref text, character);
            rest = rest[length..];
        }
    }
}
