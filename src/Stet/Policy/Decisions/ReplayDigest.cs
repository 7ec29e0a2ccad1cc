using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Stet.Http;

namespace Stet.Policy.Decisions;

/// <summary>
/// SHA-256 of what of a decision tells how it comes out again, 64 hexadecimal digits: all its members but its ids, its time,
/// and the notes of where attributes came from. Decisions with the same one differ, for a replay, in nothing but their time.
/// </summary>
static class ReplayDigest
{
    [ThreadStatic]
    static ArrayBufferWriter<byte>? buffer;

    [ThreadStatic]
    static Utf8JsonWriter? writer;

    public static string Of(DecisionRecorded decision)
    {
        buffer ??= new ArrayBufferWriter<byte>(1_024);
        writer ??= new Utf8JsonWriter(buffer, JsonAnswer.Readable);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        DecisionRecordedConverter.Write(writer, decision, whole: false);
        writer.Flush();

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer.WrittenSpan, hash);
        return Convert.ToHexStringLower(hash);
    }
}
