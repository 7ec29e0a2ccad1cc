using System.Buffers;
using System.Text;

namespace Stet.AuditLog.Tests;

/// <summary>Text in, text or refusal out.</summary>
static class Canonical
{
    public static string Form(string json) => Form(Encoding.UTF8.GetBytes(json));

    public static string Form(byte[] json) =>
        TryForm(json, out var error) ?? throw new InvalidOperationException($"{error!.Pointer}: {error.Reason}");

    public static CanonicalJsonError Refusal(string json) => Refusal(Encoding.UTF8.GetBytes(json));

    public static CanonicalJsonError Refusal(byte[] json) =>
        TryForm(json, out var error) is { } form
            ? throw new InvalidOperationException($"accepted as {form}")
            : error!;

    /// <returns>The canonical form, or null and an <paramref name="error"/>; then nothing was written.</returns>
    public static string? TryForm(
        byte[] json, out CanonicalJsonError? error, int maxDepth = CanonicalJson.DefaultMaxDepth)
    {
        var output = new ArrayBufferWriter<byte>();
        if (CanonicalJson.TryWrite(json, output, out error, maxDepth))
            return Encoding.UTF8.GetString(output.WrittenSpan);

        output.WrittenCount.ShouldBe(0);
        return null;
    }
}
