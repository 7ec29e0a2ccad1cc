using System.Text;
using Stet.Cedar;
using Stet.Client.AuditLog.CommandLine;

namespace Stet.CommandLine;

/// <summary>A file of text, and places in it.</summary>
sealed record TextFile(string Path, string Text)
{
    const long Largest = 64 * 1024 * 1024;

    static readonly UTF8Encoding strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="PolicyCommandException">It cannot be read, is no UTF-8, or has more than 64 MiB.</exception>
    public static TextFile Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > Largest) throw new PolicyCommandException($"`{path}` has more than 64 MiB, which is not read.");
            return new TextFile(path, Decode(File.ReadAllBytes(path)));
        }
        catch (DecoderFallbackException e)
        {
            throw new PolicyCommandException($"`{path}` is not UTF-8 text.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyCommandException($"`{path}` cannot be read: {e.Message}", e);
        }
    }

    /// <summary>UTF-8, with or without the mark that some editors put in front of it.</summary>
    /// <exception cref="DecoderFallbackException">It is none.</exception>
    public static string Decode(ReadOnlySpan<byte> text) =>
        strict.GetString(text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text);

    /// <summary>Replaces a file as a whole: nobody sees half of it.</summary>
    /// <exception cref="PolicyCommandException">It cannot be written.</exception>
    public static void Write(string path, string text)
    {
        var beside = $"{path}.new";
        try
        {
            File.WriteAllText(beside, text, strict);
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyCommandException($"`{path}` cannot be written: {e.Message}", e);
        }
    }

    /// <summary>What is to be said about a place.</summary>
    public FileFinding At(TextSpan where, string message, bool isWarning = false) =>
        new(Path, where.PositionIn(Text), message, isWarning);

    /// <summary>What is to be said about a place, given by its offset in UTF-8.</summary>
    public FileFinding AtByte(long offset, string message)
    {
        var utf8 = strict.GetBytes(Text);
        return At(new TextSpan(strict.GetCharCount(utf8, 0, (int)Math.Min(offset, utf8.Length)), 0), message);
    }
}

/// <summary>Something to say about a place in a file, as compilers say it.</summary>
readonly record struct FileFinding(string Path, TextPosition Position, string Message, bool IsWarning)
{
    public override string ToString() =>
        TerminalText.Of($"{Path}:{Position.Line}:{Position.Column}: {(IsWarning ? "warning: " : "")}{Message}");
}
