using System.Buffers;

namespace Stet.Policy;

/// <summary>Reads bodies that are not of one known shape.</summary>
static class RawBody
{
    /// <summary>The whole body; null when it is larger than the limit.</summary>
    /// <param name="http">The request.</param>
    /// <param name="limit">Bytes.</param>
    public static async ValueTask<byte[]?> ReadAsync(HttpContext http, int limit)
    {
        if (http.Request.ContentLength > limit) return null;

        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
