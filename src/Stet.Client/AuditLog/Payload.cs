using System.Text.Json;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>What became of an event's payload.</summary>
enum PayloadState
{
    Intact,
    Erased,
}

/// <summary>Holds payloads against the commitments in entries. One thread at a time.</summary>
sealed class PayloadCheck
{
    readonly CanonicalJson canonicalJson = new();
    readonly ByteList scratch = new();

    /// <summary>Verifies the members <c>state</c>, <c>salt</c> and <c>data</c> of a payload line or evidence pack.</summary>
    /// <param name="holder">The JSON object that has them.</param>
    /// <param name="commit">From the entry.</param>
    /// <param name="what">Names the payload in messages.</param>
    /// <exception cref="AuditException">
    /// <see cref="AuditOutcome.Malformed"/>; <see cref="AuditOutcome.Refuted"/> for another payload than was committed
    /// to, and for states that say themselves that it is.
    /// </exception>
    public PayloadState Verify(JsonElement holder, ReadOnlySpan<byte> commit, string what)
    {
        switch (holder.Text("state", what))
        {
            case "INTACT":
                VerifyData(holder, commit, what);
                return PayloadState.Intact;

            case "ERASED":
                if (holder.Member("salt", what).ValueKind != JsonValueKind.Null || holder.Member("data", what).ValueKind != JsonValueKind.Null)
                    throw AuditException.Malformed($"The {what} is erased, yet has a salt or data.");

                return PayloadState.Erased;

            case "MISSING" or "ALTERED":
                throw AuditException.Refuted($"The {what} is missing or altered, as the log itself says.");

            default:
                throw AuditException.Malformed($"The {what} has a state that is none of INTACT, ERASED, MISSING and ALTERED.");
        }
    }

    /// <summary>Verifies the members <c>salt</c> and <c>data</c>, of which neither may be null.</summary>
    public void VerifyData(JsonElement holder, ReadOnlySpan<byte> commit, string what)
    {
        Span<byte> salt = stackalloc byte[Commitment.SaltSize];
        holder.Hash("salt", what, salt);
        if (!canonicalJson.TryConvert(holder.Member("data", what).Raw(), out var canonical, out var reason))
            throw AuditException.Malformed($"The `data` of the {what} {reason}.");

        Span<byte> actual = stackalloc byte[Merkle.HashSize];
        Commitment.Compute(salt, canonical, scratch, actual);
        if (!actual.SequenceEqual(commit)) throw AuditException.Refuted($"The {what} is not the one that its entry commits to.");
    }
}
