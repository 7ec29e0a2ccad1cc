using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Stet.Authentication;

/// <summary>
/// The tokens found good lately, by their SHA-256. Two generations bound it: when the young one holds half the
/// capacity the old one is let go, so what is used stays and what is not (the expired included) goes.
/// </summary>
sealed class TokenCache(int capacity)
{
    readonly Lock gate = new();
    volatile ConcurrentDictionary<TokenHash, KnownToken> young = new();
    volatile ConcurrentDictionary<TokenHash, KnownToken> old = new();
    int youngCount;

    public KnownToken? Find(in TokenHash hash)
    {
        if (young.TryGetValue(hash, out var known)) return known;

        if (old.TryGetValue(hash, out known)) Add(hash, known);
        return known;
    }

    public void Add(in TokenHash hash, KnownToken known)
    {
        lock (gate)
        {
            if (youngCount >= capacity / 2)
            {
                old = young;
                young = new();
                youngCount = 0;
            }

            if (young.TryAdd(hash, known)) youngCount++;
            else young[hash] = known;
        }
    }
}

/// <param name="Verification">What the token was found to be, the same object for each use.</param>
/// <param name="GoodUntil">When it expires, skew included.</param>
/// <param name="Keys">The keys it was verified under; when they change, it is verified again.</param>
sealed record KnownToken(TokenValidation Verification, DateTimeOffset GoodUntil, KeySet Keys);

/// <summary>SHA-256 of a token: the cache holds nothing that could be presented as one.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct TokenHash(UInt128 Left, UInt128 Right)
{
    public static TokenHash Of(ReadOnlySpan<byte> token)
    {
        Span<TokenHash> hash = stackalloc TokenHash[1];
        SHA256.HashData(token, MemoryMarshal.AsBytes(hash));
        return hash[0];
    }
}
