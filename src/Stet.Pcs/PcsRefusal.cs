namespace Stet.Pcs;

/// <summary>Why a submission is not recorded.</summary>
/// <param name="Status">HTTP status: 400 for the document, 401 for its signature and time.</param>
/// <param name="Code">Stable, for machines.</param>
/// <param name="Message">What to change, for people; never a secret or an expected signature. May change.</param>
public sealed record PcsRefusal(int Status, string Code, string Message);

/// <summary>Every refusal of steps 4 to 7 that does not need the store.</summary>
static class Refusals
{
    public static readonly PcsRefusal JsonMalformed = Malformed(
        "json_malformed",
        "The body is not one JSON object in UTF-8 (RFC 8259), nested at most 32 deep: send only the document.");

    public static readonly PcsRefusal MemberDuplicate = Malformed(
        "member_duplicate",
        "An object has a member more than once; in 0.1 names that differ in case are the same: send each once.");

    public static readonly PcsRefusal NumberNotFinite = Malformed(
        "number_not_finite", "A number is beyond the range of a double (IEEE 754): send a finite one.");

    public static readonly PcsRefusal SchemaUnknown = Malformed(
        "schema_unknown", "`schema` is not known: send `fractal-lba-kakeya`.");

    public static readonly PcsRefusal VersionUnknown = Malformed(
        "version_unknown", "`version` is not known: send `0.1` or `1.0`.");

    public static readonly PcsRefusal ShardIdInvalid = Malformed(
        "shard_id_invalid",
        "`shard_id` has 1 to 1,024 bytes of UTF-8 without control characters; in 1.0 1 to 128 of `A-Z a-z 0-9 . _ -`.");

    public static readonly PcsRefusal HeaderInvalid = Malformed(
        "header_invalid",
        "`alg` is `HS256` or `Ed25519`; `kid` and `tenant` have 1 to 64 characters of `A-Z a-z 0-9 . _ -`.");

    public static readonly PcsRefusal EpochOutOfRange = Malformed(
        "epoch_out_of_range", "`epoch` is at least 0 and, in 1.0, at most 2^53 - 1.");

    public static readonly PcsRefusal AttemptOutOfRange = Malformed(
        "attempt_out_of_range", "`attempt` is at least 0; in 1.0 it is 1 to 2^53 - 1.");

    public static readonly PcsRefusal SeedOutOfRange = Malformed("seed_out_of_range", "`seed` is 0 to 2^32 - 1.");

    public static readonly PcsRefusal SentAtInvalid = Malformed(
        "sent_at_invalid",
        "`sent_at` is a time of RFC 3339 with at most nine decimals, in years 1 to 9999 of UTC and in no leap second; in 1.0 it ends in `Z` "
        + "and has at most six.");

    public static readonly PcsRefusal RegimeUnknown = Malformed(
        "regime_unknown", "`regime` is `sticky`, `mixed` or `non_sticky`.");

    public static readonly PcsRefusal VStarInvalid = Malformed("v_star_invalid", "`v_star` has exactly three numbers.");

    public static readonly PcsRefusal MerkleRootMalformed = Malformed(
        "merkle_root_malformed", "`merkle_root` has exactly 64 digits of `0-9 a-f`.");

    public static readonly PcsRefusal LeavesInvalid = Malformed(
        "leaves_invalid",
        "`chunk_size` is 1 to 1,048,576; `leaf_count` is at least 0, and 0 exactly if the root is the empty tree's.");

    public static readonly PcsRefusal PcsIdMismatch = Malformed(
        "pcs_id_mismatch", "`pcs_id` is not the SHA-256 of `merkle_root|epoch|shard_id`: compute it from them.");

    public static readonly PcsRefusal ScaleNotPositive = Malformed("scale_not_positive", "`scales` are at least 1.");

    public static readonly PcsRefusal ScalesTooMany = Malformed("scales_too_many", "`scales` has at most 64 items.");

    public static readonly PcsRefusal ScalesTooFew = Malformed(
        "scales_too_few", "`scales` has at least two different items.");

    public static readonly PcsRefusal ScalesNotAscending = Malformed(
        "scales_not_ascending", "`scales` ascend strictly in 1.0.");

    public static readonly PcsRefusal CountsMismatch = Malformed(
        "n_j_mismatch", "`N_j` has an entry for every scale, by its decimal text, and in 1.0 no other.");

    public static readonly PcsRefusal CountNotPositive = Malformed(
        "n_j_not_positive", "Entries of `N_j` are at least 1.");

    public static readonly PcsRefusal CountDecreasing = Malformed(
        "n_j_decreasing", "A multiple of a scale never has fewer occupied cells than the scale: count `N_j` again.");

    public static readonly PcsRefusal ROutOfRange = Malformed("r_out_of_range", "`r` is 0 to 1.");

    public static readonly PcsRefusal SignatureMissing = Unauthenticated(
        "signature_missing", "`sig` is missing: sign the document with a key of the tenant.");

    public static readonly PcsRefusal SignatureEncoding = Unauthenticated(
        "signature_encoding",
        "`sig` is standard base64 with padding, of 32 bytes (HMAC-SHA256) or 64 bytes (Ed25519), in its one spelling.");

    public static readonly PcsRefusal TenantMismatch = Unauthenticated(
        "tenant_mismatch", "`tenant` is not the tenant of this request: send the document where it belongs.");

    public static readonly PcsRefusal KeyUnknown = Unauthenticated(
        "key_unknown", "The tenant has no usable key for this document: register one for its version.");

    public static readonly PcsRefusal KeyNotValid = Unauthenticated(
        "key_not_valid", "The key that `kid` names is not valid now: sign with another.");

    public static readonly PcsRefusal AlgMismatch = Unauthenticated(
        "alg_mismatch", "`alg` is not the algorithm of the key that `kid` names.");

    public static readonly PcsRefusal SignatureInvalid = Unauthenticated(
        "signature_invalid", "`sig` was not made with a valid key of the tenant for this document.");

    public static readonly PcsRefusal SentAtStale = Unauthenticated(
        "sent_at_stale", "`sent_at` is too long ago: check the clock, and sign the document again.");

    public static readonly PcsRefusal SentAtInFuture = Unauthenticated(
        "sent_at_in_future", "`sent_at` is too far ahead: check the clock, and sign the document again.");

    public static PcsRefusal MemberMissing(string member) => Malformed(
        "member_missing", $"`{member}` is missing or null: send it.");

    public static readonly PcsRefusal MemberUnknown = Malformed(
        "member_unknown", "The document or its `ft` has a member that 1.0 does not know: leave it out.");

    public static PcsRefusal MemberType(string member) => Malformed(
        "member_type", $"`{member}` has another type, or a value beyond its limits: see what the member may hold.");

    static PcsRefusal Malformed(string code, string message) => new(400, code, message);

    static PcsRefusal Unauthenticated(string code, string message) => new(401, code, message);
}
