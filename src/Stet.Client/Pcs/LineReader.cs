using System.Text;

namespace Stet.Client.Pcs;

/// <summary>Lines of a stream that may grow, with the byte at which each begins.</summary>
/// <param name="input">Stands where the first line begins.</param>
/// <param name="start">The byte at which that is.</param>
sealed class LineReader(Stream input, long start)
{
    const int GreatestLine = 1 << 20;

    byte[] buffer = new byte[64 * 1024];
    long offset = start;
    int begin;
    int searched;
    int end;

    /// <summary>Where the next line begins.</summary>
    public long Position => offset + begin;

    /// <param name="line">Without its end, LF or CR LF. Valid until the next call.</param>
    /// <param name="isWhole">Whether the stream has ended for good: then its last line needs no end.</param>
    /// <returns>False: there is no further line for now.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line, bool isWhole)
    {
        while (true)
        {
            var found = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                line = Line(searched + found);
                begin = searched = searched + found + 1;
                return true;
            }

            searched = end;
            if (Fill()) continue;

            line = [];
            if (!isWhole || begin == end) return false;
            line = Line(end);
            begin = searched = end;
            return true;
        }
    }

    bool Fill()
    {
        if (begin > 0)
        {
            buffer.AsSpan(begin, end - begin).CopyTo(buffer);
            (offset, searched, end, begin) = (offset + begin, searched - begin, end - begin, 0);
        }

        if (end > GreatestLine) throw new AgentException("A line is longer than 1 MiB: this is no file of rows.");
        if (end == buffer.Length) Array.Resize(ref buffer, 2 * buffer.Length);
        var read = input.Read(buffer, end, buffer.Length - end);
        end += read;
        return read > 0;
    }

    /// <summary>The line that ends there, without CR, and without the mark that some editors put in front of UTF-8.</summary>
    ReadOnlySpan<byte> Line(int lineEnd)
    {
        ReadOnlySpan<byte> line = buffer.AsSpan(begin..lineEnd);
        if (Position == 0 && line.StartsWith(Encoding.UTF8.Preamble)) line = line[Encoding.UTF8.Preamble.Length..];
        return line.EndsWith("\r"u8) ? line[..^1] : line;
    }
}
