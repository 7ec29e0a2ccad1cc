using System.Buffers.Binary;

namespace Stet.Pcs;

/// <summary>
/// Compresses a stream piece by piece into the very bytes that zlib makes of it at level 6 (RFC 1950 and 1951, and among
/// all that these allow, zlib's own choices).
/// </summary>
/// <remarks>
/// r is defined by the length of that stream. The libraries that systems call zlib differ in it, and where one is the
/// classic, it takes longer for rows of numbers than all else that is done with them.
/// </remarks>
sealed class ClassicZlib
{
    // Deflate with a window of 32 KiB, at the default level, without a dictionary; the last five bits make it divisible by 31.
    const ushort Header = 0x789c;

    // A match that long is taken without a look at what begins a byte later.
    const int LongEnough = 16;

    // Three bytes that far away are shorter as literals.
    const int TooFarForThree = 4096;

    // What is behind the current byte: the window, or as much as can be stored as it is.
    const int Behind = 64 * 1024;

    // What is needed ahead of it as long as more may come: a match, and what is read where the last of its bytes is added.
    const int Ahead = Match.MaxLength + MatchFinder.ReadAhead + 1;

    const int Room = 4 * Behind;
    const long FirstPosition = 1L << 31;
    const uint AdlerPrime = 65_521;
    const int AdlerRun = 5_552;

    readonly Action<ReadOnlySpan<byte>> output;
    readonly BitWriter writer;
    readonly DeflateBlock block;
    readonly MatchFinder finder = new();
    readonly byte[] window = new byte[Room + LongEnough];
    int filled;
    int at;
    int blockStart;
    long origin = FirstPosition;
    uint adlerLow = 1;
    uint adlerHigh;

    // What was found one byte before, and whether that byte still waits for what is found here.
    Match inHand = Match.None;
    bool waits;
    bool isFinished;

    /// <param name="output">Receives the compressed bytes.</param>
    public ClassicZlib(Action<ReadOnlySpan<byte>> output)
    {
        this.output = output;
        writer = new BitWriter(output);
        block = new DeflateBlock(writer);
        output([Header >> 8, Header & 0xff]);
    }

    /// <exception cref="InvalidOperationException">The stream is finished.</exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (isFinished) throw new InvalidOperationException("A finished stream takes no more data.");

        AddToChecksum(data);
        while (!data.IsEmpty)
        {
            if (filled == Room) MakeRoom();
            var taken = Math.Min(data.Length, Room - filled);
            data[..taken].CopyTo(window.AsSpan(filled));
            filled += taken;
            data = data[taken..];
            Compress(filled - Ahead);
        }
    }

    /// <summary>Writes what is left. Nothing may follow.</summary>
    public void Finish()
    {
        isFinished = true;
        Compress(filled);
        if (waits) block.Add(window[at - 1]);
        WriteBlock(isLast: true);
        writer.Align();
        writer.Flush();

        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(checksum, (adlerHigh << 16) | adlerLow);
        output(checksum);
    }

    void MakeRoom()
    {
        var gone = at - Behind;
        window.AsSpan(gone, filled - gone).CopyTo(window);
        origin += gone;
        filled -= gone;
        at -= gone;
        blockStart -= gone;
    }

    /// <summary>A match is taken only if none that begins at its second byte is longer (zlib's deflate_slow).</summary>
    void Compress(int end)
    {
        while (at < end)
        {
            var found = FindAndAdd();
            if (inHand.Length >= Match.MinLength && found.Length <= inHand.Length)
            {
                block.Add(inHand);
                var next = at - 1 + inHand.Length;
                while (++at < next) Add();
                (inHand, waits) = (Match.None, false);
                if (block.IsFull) WriteBlock(isLast: false);
            }
            else
            {
                if (waits) block.Add(window[at - 1]);
                if (block.IsFull) WriteBlock(isLast: false);
                at++;
                (inHand, waits) = (found, true);
            }
        }
    }

    Match FindAndAdd()
    {
        var found = Match.None;
        var ahead = filled - at;
        if (inHand.Length < LongEnough && ahead >= Match.MinLength)
            found = finder.Find(in window[at], ahead, (uint)(origin + at), inHand);
        if (found.Distance == MatchFinder.MaxDistance && ahead < MatchFinder.LeastAhead && MovesWindow()) found = inHand;
        Add();
        return found is { Length: Match.MinLength, Distance: > TooFarForThree } ? Match.None : found;
    }

    /// <summary>
    /// Whether zlib moves its window as soon as it may: then the farthest place has position 0, which ends a list. While
    /// more is to come it does so a byte later.
    /// </summary>
    bool MovesWindow() => (origin + at) % MatchFinder.WindowSize == MatchFinder.MaxDistance;

    void Add()
    {
        // zlib never finds the first byte again: its position is 0, which ends a list.
        if (filled - at >= Match.MinLength && origin + at > FirstPosition)
            finder.Add(in window[at], (uint)(origin + at));
    }

    void WriteBlock(bool isLast)
    {
        block.Write(blockStart < 0 ? [] : window.AsSpan(blockStart, at - blockStart), isLast);
        blockStart = at;
    }

    /// <summary>Adler-32 (RFC 1950, 8.2).</summary>
    void AddToChecksum(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var run = data[..Math.Min(AdlerRun, data.Length)];
            foreach (var value in run)
            {
                adlerLow += value;
                adlerHigh += adlerLow;
            }

            adlerLow %= AdlerPrime;
            adlerHigh %= AdlerPrime;
            data = data[run.Length..];
        }
    }
}
