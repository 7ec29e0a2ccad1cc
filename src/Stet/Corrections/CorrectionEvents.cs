using System.Text.Json.Serialization;

namespace Stet.Corrections;

// Stored for good: add optional members, never rename or remove one, mend a wrong event by recording another.

/// <summary>Somebody put on record what a field of a subject really is.</summary>
/// <param name="CorrectionId">Version-7 UUID (RFC 9562), given out in the receipt.</param>
/// <param name="Subject">Whose field: a type and an id, 1 to 200 characters each.</param>
/// <param name="FieldKey">Dotted path within the subject, 1 to 200 characters.</param>
/// <param name="Value">Canonical JSON (RFC 8785), at most 16 KiB.</param>
/// <param name="Class">Whether it has to be held.</param>
/// <param name="Permissions">Who may read it. The deny list beats readers and scopes.</param>
/// <param name="Supersedes">The correction that stood until now; null when none did.</param>
/// <param name="Actor">Who says so.</param>
/// <param name="EffectiveFrom">In effect from here on; null: at once.</param>
/// <param name="EffectiveTo">No longer in effect from here on; null: for good.</param>
/// <param name="Reason">Why, in the actor's words, at most 500 characters; null when not given.</param>
/// <param name="RecordedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record CorrectionRecorded(
    CorrectionId CorrectionId, Subject Subject, string FieldKey, FieldValue Value, CorrectionClass Class,
    Permissions Permissions, CorrectionId? Supersedes, Actor Actor, DateTimeOffset? EffectiveFrom,
    DateTimeOffset? EffectiveTo, string? Reason, DateTimeOffset RecordedAt);

/// <summary>A correction stopped standing; <paramref name="SupersededBy"/>, recorded next, took its place.</summary>
public sealed record CorrectionSuperseded(CorrectionId CorrectionId, CorrectionId SupersededBy);

/// <summary>A correction was taken back; nothing stands for its field until the next.</summary>
/// <param name="CorrectionId">The correction that stood.</param>
/// <param name="Reason">Why, in general.</param>
/// <param name="Note">Why, in the actor's words, at most 500 characters; null when not given.</param>
/// <param name="Actor">Who took it back.</param>
/// <param name="RevokedAt">UTC, microseconds, by the server's clock when it was decided.</param>
public sealed record CorrectionRevoked(
    CorrectionId CorrectionId, RevocationReason Reason, string? Note, Actor Actor, DateTimeOffset RevokedAt);

/// <summary>Names one correction: a version-7 UUID (RFC 9562).</summary>
[JsonConverter(typeof(CorrectionIdConverter))]
public readonly record struct CorrectionId(Guid Value)
{
    public static CorrectionId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    public static bool TryParse(string? text, out CorrectionId id)
    {
        var parsed = Uuids.TryParse(text, out var value);
        id = new CorrectionId(value);
        return parsed;
    }

    public override string ToString() => Value.ToString("D");
}

/// <summary>Whom or what corrections are about: a type (<c>patient</c>) and an id, 1 to 200 characters each.</summary>
public sealed record Subject(string Type, string Id);

/// <summary>How binding a correction is.</summary>
public enum CorrectionClass
{
    /// <summary>Has to be held by every system that answers about the subject.</summary>
    Fact,

    /// <summary>Kept in history, may be dropped, never served as a fact.</summary>
    Discardable,
}

/// <summary>Why a correction was taken back.</summary>
public enum RevocationReason
{
    /// <summary>The actor no longer claims it.</summary>
    Withdrawn,

    /// <summary>It turned out to be false.</summary>
    Refuted,

    /// <summary>It was never meant: a slip of the pen.</summary>
    EnteredInError,

    /// <summary>Its time is over.</summary>
    Expired,
}

/// <summary>Who may read a correction.</summary>
/// <param name="Readers">Requester ids that may.</param>
/// <param name="Scopes">Scopes of which one is enough.</param>
/// <param name="DenyList">Requester ids that may not, whatever the other two say.</param>
public sealed record Permissions(StringSet Readers, StringSet Scopes, StringSet DenyList);

sealed class CorrectionIdConverter : JsonConverter<CorrectionId>
{
    public override CorrectionId Read(
        ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(
        System.Text.Json.Utf8JsonWriter writer, CorrectionId value, System.Text.Json.JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
