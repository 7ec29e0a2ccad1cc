using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Stet.AuditLog;

namespace Stet.Audit;

/// <summary>The audit log of one tenant: its name, its keys, and how much of it this process has seen to be sound.</summary>
/// <param name="tenantId">Whose log.</param>
/// <param name="epoch">1, and one more for every new beginning after a restore.</param>
/// <param name="origin">The log's name in checkpoints, which is the name of its keys, too.</param>
/// <param name="keyChanges">How often the log's keys have changed.</param>
/// <param name="isNew">Whether nothing is known of it outside the database, so that a log without leaves is sound.</param>
public sealed class TenantLog(string tenantId, int epoch, string origin, int keyChanges, bool isNew) : IDisposable
{
    static readonly (long, byte[]) Nothing = (-1, []);

    const int LongestChain = 1_024;
    const int MostReserved = 64;

    readonly List<SaltKey> salts = [];
    readonly List<long> taken = [];
    readonly Queue<(long Size, byte[] Peaks)> chain = new();
    readonly Queue<(long Size, LogHash Root, byte[] Peaks)> reserved = new();
    readonly Lock gate = new();
    bool stale;
    Comparison? compared;
    long asked;
    (long Size, byte[] Peaks) verified = isNew ? (0, []) : Nothing;
    (long Size, byte[] Peaks) newest = Nothing;

    /// <summary>Whose log.</summary>
    public string TenantId { get; } = tenantId;

    /// <summary>Counts the log's beginnings, from 1.</summary>
    public int Epoch { get; } = epoch;

    /// <summary>The log's name in checkpoints.</summary>
    public string Origin { get; } = origin;

    /// <summary>When the epoch began.</summary>
    internal DateTimeOffset CreatedAt { get; init; }

    /// <summary>How often the log's keys have changed.</summary>
    internal int KeyChanges { get; } = keyChanges;

    /// <summary>The largest size of which a checkpoint was asked for.</summary>
    internal long Asked
    {
        get
        {
            lock (gate) return asked;
        }
    }

    /// <summary>What proofs have shown of the upper tree; some 2 MB at most.</summary>
    internal SubtreeCache Subtrees { get; } = new(16_384);

    /// <summary>Whether origin or keys have changed since it was read, or may have.</summary>
    internal bool IsStale
    {
        get => Volatile.Read(ref stale);
        set => Volatile.Write(ref stale, value);
    }

    /// <summary>When it was last compared with what was signed before; null: not by this process.</summary>
    internal Comparison? Compared
    {
        get => Volatile.Read(ref compared);
        set => Volatile.Write(ref compared, value);
    }

    /// <summary>The keys that have signed in this epoch, oldest first.</summary>
    public List<LogSigningKey> SigningKeys { get; } = [];

    /// <summary>Whether a key of this epoch signs a tree of that size: none does where the epoch had not begun.</summary>
    internal bool SignsAt(long size) => SigningKeys.Exists(key => key.SignsAt(size));

    /// <summary>A size and its peaks that this process wrote or folded itself; size -1 when there is none.</summary>
    public (long Size, byte[] Peaks) Verified
    {
        get
        {
            lock (gate) return verified;
        }
    }

    /// <summary>Notes that a checkpoint of a size is asked for, which the log has reached; or of a larger one.</summary>
    internal void Ask(long size)
    {
        lock (gate) asked = Math.Max(asked, size);
    }

    /// <summary>Notes that the writer went on from one size to another.</summary>
    internal void Appended((long Size, byte[] Peaks) before, (long Size, byte[] Peaks) after)
    {
        lock (gate)
        {
            if (AreSame(before, verified))
            {
                verified = after;
                return;
            }

            // Sizes written one upon another, on top of something that nobody has folded yet: once one of them is, all are.
            if (!AreSame(before, newest)) chain.Clear();
            newest = after;
            chain.Enqueue(after);
            if (chain.Count > LongestChain) chain.Dequeue();
        }
    }

    /// <summary>Notes what was folded from stored leaves, unless the writer is ahead of that.</summary>
    internal void Verify(Peaks folded)
    {
        lock (gate)
        {
            (long Size, byte[] Peaks) known = (folded.Size, folded.ToArray());
            if (chain.Any(size => AreSame(size, known)))
            {
                (verified, newest) = (newest, Nothing);
                chain.Clear();
            }
            else if (known.Size > verified.Size)
            {
                verified = known;
            }
        }
    }

    /// <summary>Notes a size whose guard row this process made, or found to be what the leaves come to.</summary>
    internal void Reserved(Peaks tree)
    {
        var sound = (tree.Size, tree.Root, tree.ToArray());
        lock (gate)
        {
            reserved.Enqueue(sound);
            if (reserved.Count > MostReserved) reserved.Dequeue();
        }
    }

    /// <summary>The largest of the newest such sizes; 0 when there is none.</summary>
    internal long LargestReserved
    {
        get
        {
            lock (gate) return reserved.Select(known => known.Size).DefaultIfEmpty().Max();
        }
    }

    /// <summary>Whether a guard row is one of the newest that this process made or verified.</summary>
    internal bool IsSound(SignedSize guard)
    {
        lock (gate)
            return reserved.Any(known => known.Size == guard.Size && known.Root == guard.Root && known.Peaks.AsSpan().SequenceEqual(guard.Peaks));
    }

    /// <summary>Takes over what is known of the same leaves from the log that it takes the place of.</summary>
    internal void Inherit(TenantLog before)
    {
        // What was written with newer keys than these says nothing about what these may be used for.
        if (before.Origin != Origin || before.KeyChanges > KeyChanges) return;
        (verified, Compared) = (before.Verified, before.Compared);
    }

    /// <summary>Whether this process was the last one to write, so that it knows the keys in force.</summary>
    internal bool IsOwn(long position, byte[] peaks)
    {
        lock (gate) return AreSame(verified, (position, peaks)) || AreSame(newest, (position, peaks));
    }

    /// <summary>Names the newest of the secrets that salts are made with.</summary>
    internal string SecretId => salts[^1].KeyId;

    internal void Add(SaltKey key) => salts.Add(key);

    /// <summary>Notes a size that has a guard row which its leaves do not lead to.</summary>
    internal void Take(long size) => taken.Add(size);

    /// <summary>
    /// Whether a size cannot be reserved, because a guard row is in the way: it was there before the log had reached that size.
    /// </summary>
    internal bool IsTaken(long size) => taken.Contains(size);

    /// <summary>The time of a guard row. INVARIANT: none is older than its epoch, whatever clocks say.</summary>
    internal DateTimeOffset ReservedAt(DateTimeOffset now) => now > CreatedAt ? now : CreatedAt;

    /// <summary>The salt of the event at a position.</summary>
    /// <exception cref="ObjectDisposedException">The service has stopped.</exception>
    internal void WriteSalt(long position, Guid eventId, Span<byte> salt) => KeyAt(position).WriteSalt(eventId, salt);

    /// <summary>Zeroes the secrets.</summary>
    public void Dispose()
    {
        foreach (var salt in salts) salt.Dispose();
    }

    static bool AreSame((long Size, byte[] Peaks) a, (long Size, byte[] Peaks) b) =>
        a.Size == b.Size && a.Peaks.AsSpan().SequenceEqual(b.Peaks);

    // A leaked secret is replaced from a position on; older entries keep theirs.
    SaltKey KeyAt(long position)
    {
        for (var i = salts.Count - 1; i > 0; i--)
        {
            if (salts[i].FromPosition <= position) return salts[i];
        }

        return salts[0];
    }
}

/// <summary>A signing key of a log.</summary>
/// <param name="KeyId">Its id among the tenant's.</param>
/// <param name="Verifier">The public key, named like the log.</param>
/// <param name="Wrapped">The private key as <see cref="IAuditSigner"/> stores it.</param>
/// <param name="KekId">The installation key that wraps it; empty when none does.</param>
/// <param name="FromPosition">It signs from this size on.</param>
/// <param name="UntilPosition">It no longer signs from this size on; null while it does.</param>
public sealed record LogSigningKey(
    string KeyId, VerifierKey Verifier, byte[] Wrapped, string KekId, long FromPosition, long? UntilPosition)
{
    /// <summary>Whether it signs a tree of that size.</summary>
    public bool SignsAt(long size) => size >= FromPosition && !(size >= UntilPosition);

    /// <summary>Keys stay out of logs.</summary>
    public override string ToString() => KeyId;
}

/// <summary>
/// The secret that salts are made with, from a position on. It lies where the garbage collector copies nothing, and is zeroed
/// when it is disposed or with the last log that has it: one that has left the cache may still be worked with.
/// </summary>
sealed class SaltKey : SafeBuffer
{
    /// <param name="keyId">Its id among the tenant's.</param>
    /// <param name="secret">Is copied.</param>
    /// <param name="fromPosition">It salts from this position on.</param>
    public SaltKey(string keyId, ReadOnlySpan<byte> secret, long fromPosition)
        : base(ownsHandle: true)
    {
        (KeyId, FromPosition) = (keyId, fromPosition);
        SetHandle(Marshal.AllocHGlobal(secret.Length));
        Initialize((ulong)secret.Length);
        WriteSpan(0, secret);
    }

    public string KeyId { get; }

    public long FromPosition { get; }

    /// <exception cref="ObjectDisposedException">It is zeroed.</exception>
    public void WriteSalt(Guid eventId, Span<byte> salt)
    {
        Span<byte> secret = stackalloc byte[(int)ByteLength];
        ReadSpan(0, secret);
        Commitment.WriteSalt(secret, eventId, salt);
        CryptographicOperations.ZeroMemory(secret);
    }

    protected override bool ReleaseHandle()
    {
        Marshal.Copy(new byte[ByteLength], 0, handle, (int)ByteLength);
        Marshal.FreeHGlobal(handle);
        return true;
    }
}
