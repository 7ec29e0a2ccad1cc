using System.Runtime.InteropServices;

namespace Stet.CommandLine;

/// <summary>Standard output that says so when it cannot be written, or when nobody reads it any more: the console keeps that to itself.</summary>
sealed partial class StandardOutput : Stream
{
    const short Gone = 0x08 | 0x10; // POLLERR, POLLHUP

    // Opened late: a command that writes nothing may do without.
    Stream Console => field ??= System.Console.OpenStandardOutput();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="StandardOutputException">Nothing can be written.</exception>
    public override void Write(byte[] buffer, int offset, int count)
    {
        if (!IsRead()) throw new StandardOutputException("nobody reads it any more");

        try
        {
            Console.Write(buffer, offset, count);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StandardOutputException(e.Message, e);
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    static bool IsRead()
    {
        if (OperatingSystem.IsWindows()) return true;

        var output = new PolledDescriptor { Descriptor = 1 };
        return Poll(ref output, 1, 0) <= 0 || (output.Found & Gone) == 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PolledDescriptor descriptor, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    struct PolledDescriptor
    {
        public int Descriptor;
        public short Asked;
        public short Found;
    }
}

/// <summary>What a command has to say reaches nobody.</summary>
sealed class StandardOutputException(string reason, Exception? cause = null) : IOException($"Standard output cannot be written: {reason}", cause);
