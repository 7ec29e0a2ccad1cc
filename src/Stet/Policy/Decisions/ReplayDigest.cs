using System.Security.Cryptography;
using Stet.Http;

namespace Stet.Policy.Decisions;

/// <summary>
/// SHA-256 of what of a decision tells how it comes out again, 64 hexadecimal digits: all its members but its ids, its time,
/// and the notes of where attributes came from. Decisions with the same one differ, for a replay, in nothing but their time.
/// </summary>
static class ReplayDigest
{
    public static string Of(DecisionRecorded decision) => JsonAnswer.Write(
        decision, static (json, decision) => DecisionRecordedConverter.Write(json, decision, whole: false),
        static utf8 => Convert.ToHexStringLower(SHA256.HashData(utf8)));
}
