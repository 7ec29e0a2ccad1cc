using System.Reflection;

namespace Stet.Tests.Http;

/// <summary>Clients match on codes: none may change, or come with another status, without a word.</summary>
public class ProblemCodeSpecs
{
    const string Codes = """
        access_approval_by_requester 403
        access_request_closed 409
        access_request_not_approved 409
        access_request_not_found 404
        access_request_off 403
        activation_overtaken 503
        approval_by_author 409
        approval_repeated 409
        approval_stale 409
        approvals_lapsed 409
        approvals_missing 409
        approver_role_lost 409
        approver_role_missing 403
        approvers_full 409
        audit_altered 500
        audit_epoch_begun 409
        audit_event_unknown 404
        audit_log_moved 410
        audit_not_witnessed 404
        audit_overlap_running 409
        audit_running 503
        audit_signing_refused 503
        audit_size_unknown 404
        audit_tile_unknown 404
        body_too_large 413
        candidate_closed 409
        candidate_exists 409
        candidate_not_diffed 409
        candidate_not_found 404
        candidate_not_validated 409
        candidates_full 409
        correction_not_active 409
        correction_not_found 404
        data_not_canonical 400
        denial_expired 409
        denial_not_requestable 409
        diff_not_found 404
        diff_not_running 404
        diff_stale 409
        diff_too_large 409
        entities_change 503
        entity_not_found 404
        entity_refused 409
        idempotency_conflict 409
        internal_error 500
        invalid_denial_binding 400
        invalid_request 400
        invalid_token 401
        keys_unavailable 503
        metadata_not_published 404
        method_not_allowed 405
        no_active_policy 409
        not_before_out_of_range 400
        not_found 404
        not_recorded 409
        other_tenant 403
        page_token_refused 400
        pcs_key_not_found 404
        pcs_key_taken 409
        pcs_keys_full 409
        pcs_keys_valid 409
        pcs_not_escalated 409
        pcs_not_found 404
        pcs_resolved_otherwise 409
        pcs_shard_not_found 404
        permission_denied 403
        policy_in_use 409
        policy_unreadable 400
        policy_will_not_load 409
        position_not_reached 503
        position_unknown 404
        promotion_too_large 409
        promotion_without_policies 409
        promotion_without_question 409
        rate_limited 429
        request_timeout 408
        rollback_not_recent 409
        rollback_other_schema 409
        rollback_retired 409
        schema_changed 503
        store_busy 503
        store_unavailable 503
        supersedes_not_active 409
        system_not_found 404
        system_retired 409
        tenant_mismatch 401
        tenant_required 401
        tenant_unknown 401
        too_many_entities 409
        too_many_exports 429
        unknown_tenant 403
        unknown_tenant 404
        unsupported_media_type 415
        """;

    const string AnyText = "any";

    [Fact]
    public void Every_code_has_the_status_that_it_always_had() =>
        string.Join('\n', Problems().Select(p => $"{p.Code} {p.Status}").Distinct().Order(StringComparer.Ordinal)).ShouldBe(Codes);

    // Of those whose code is given to them there is nothing to say.
    static IEnumerable<Problem> Problems() =>
        from type in typeof(Problem).Assembly.GetTypes()
        where type.Name.EndsWith("Problems", StringComparison.Ordinal)
        from member in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where member.ReturnType == typeof(Problem)
        let problem = (Problem)member.Invoke(null, [.. member.GetParameters().Select(p => AnyOf(p.ParameterType))])!
        where problem.Code != AnyText
        select problem;

    static object? AnyOf(Type type)
    {
        if (type == typeof(string)) return AnyText;
        if (type.IsValueType && (type.IsGenericType || type.IsEnum || type.Namespace == nameof(System))) return Activator.CreateInstance(type);
        if (!type.IsGenericType)
        {
            return type.GetConstructors() is [var constructor, ..]
                ? constructor.Invoke([.. constructor.GetParameters().Select(p => AnyOf(p.ParameterType))])
                : null;
        }

        var one = Array.CreateInstance(type.GenericTypeArguments[0], 1);
        one.SetValue(AnyOf(type.GenericTypeArguments[0]), 0);
        return one;
    }
}
