using System.Collections.Frozen;

namespace Stet.Http;

/// <summary>The chapters of the API, and what its operations are called: clients are generated with these names, so they stay.</summary>
static class OpenApiChapters
{
    static readonly (string Chapter, string Operations)[] contents =
    [
        ("Corrections", """
            recordCorrection POST /v1/corrections
            recordCorrections POST /v1/corrections/batch
            revokeCorrection POST /v1/corrections/{correction_id}/revoke
            getCorrection GET /v1/corrections/{correction_id}
            listHistory GET /v1/history
            getFacts GET /v1/facts
            getFactsContext GET /v1/facts/context
            """),
        ("Enforcement", """
            setEnforcementDefaults PUT /v1/enforcement/defaults
            getEnforcementDefaults GET /v1/enforcement/defaults
            registerSystem PUT /v1/enforcement/systems/{system_id}
            retireSystem DELETE /v1/enforcement/systems/{system_id}
            getSystem GET /v1/enforcement/systems/{system_id}
            listSystems GET /v1/enforcement/systems
            reportHeartbeat POST /v1/enforcement/heartbeat
            getEnforcementStatus GET /v1/enforcement/status
            getEscalation GET /v1/enforcement/escalation
            getCorrectionEnforcement GET /v1/corrections/{correction_id}/enforcement
            """),
        ("PCS", """
            submitPcs POST /v1/pcs/submit
            registerPcsKey PUT /v1/pcs/keys/{kid}
            revokePcsKey DELETE /v1/pcs/keys/{kid}
            getPcsKey GET /v1/pcs/keys/{kid}
            listPcsKeys GET /v1/pcs/keys
            setPcsSignaturePolicy PUT /v1/pcs/signature-policy
            getPcsSignaturePolicy GET /v1/pcs/signature-policy
            setPcsParameters PUT /v1/pcs/parameters
            getPcsParameters GET /v1/pcs/parameters
            getPcs GET /v1/pcs/{pcs_id}
            listPcs GET /v1/pcs
            getLatestPcs GET /v1/pcs/latest
            listPcsEscalations GET /v1/pcs/escalations
            resolvePcsEscalation POST /v1/pcs/{pcs_id}/resolve
            listPcsEquivocations GET /v1/pcs/equivocations
            listPcsDuplicates GET /v1/pcs/duplicates
            getPcsSummary GET /v1/pcs/summary
            """),
        ("Policy", """
            draftCandidate POST /v1/policy/candidates
            listCandidates GET /v1/policy/candidates
            getCandidate GET /v1/policy/candidates/{candidate}
            getCandidateText GET /v1/policy/candidates/{candidate}/text
            getPolicyInForce GET /v1/policy/in-force
            validateCandidate POST /v1/policy/candidates/{candidate}/validation
            diffCandidate POST /v1/policy/candidates/{candidate}/diff
            getDiffProgress GET /v1/policy/candidates/{candidate}/diff
            getDiffReport GET /v1/policy/candidates/{candidate}/diff/{digest}
            approveCandidate POST /v1/policy/candidates/{candidate}/approvals
            rejectCandidate POST /v1/policy/candidates/{candidate}/rejections
            activateCandidate POST /v1/policy/candidates/{candidate}/activation
            retireCandidate POST /v1/policy/candidates/{candidate}/retirement
            rollBackPolicy POST /v1/policy/rollback
            listApprovers GET /v1/policy/approvers
            nameApprover PUT /v1/policy/approvers/{approver}
            removeApprover DELETE /v1/policy/approvers/{approver}
            """),
        ("Entities", """
            importEntities POST /v1/policy/entities/import
            recordEntity PUT /v1/policy/entities/{type}/{id}
            removeEntity DELETE /v1/policy/entities/{type}/{id}
            getEntity GET /v1/policy/entities/{type}/{id}
            listEntities GET /v1/policy/entities
            """),
        ("Decisions", """
            registerPep PUT /v1/policy/peps/{pep_id}
            getPep GET /v1/policy/peps/{pep_id}
            listPeps GET /v1/policy/peps
            getDecision GET /v1/policy/decisions/{evaluation_id}
            listDecisions GET /v1/policy/decisions
            promoteDecision POST /v1/policy/decisions/{evaluation_id}/promotion
            explainChanges POST /v1/policy/changes
            getDecisionAudit GET /v1/policy/audit
            auditDecisions POST /v1/policy/audit
            """),
        ("AuthZEN", """
            evaluate POST /access/v1/evaluation
            evaluateBatch POST /access/v1/evaluations
            searchSubjects POST /access/v1/search/subject
            searchResources POST /access/v1/search/resource
            searchActions POST /access/v1/search/action
            getAuthZenConfiguration GET /.well-known/authzen-configuration
            getAuthZenConfigurationOfTenant GET /.well-known/authzen-configuration/t/{tenant_id}
            """),
        ("Access requests", """
            requestAccess POST /access/v1/requests
            getAccessTask GET /access/v1/requests/{id}
            cancelAccessTask DELETE /access/v1/requests/{id}
            listAccessRequests GET /v1/policy/access-requests
            getAccessRequest GET /v1/policy/access-requests/{id}
            approveAccess POST /v1/policy/access-requests/{id}/approval
            denyAccess POST /v1/policy/access-requests/{id}/denial
            revokeAccess POST /v1/policy/access-requests/{id}/revocation
            """),
        ("Audit log", """
            listLogKeys GET /v1/audit/keys
            addLogKey POST /v1/audit/keys
            getCheckpoint GET /v1/tenants/{tenant_id}/audit/checkpoint
            getTile GET /v1/tenants/{tenant_id}/audit/tile/{path}
            getProof GET /v1/tenants/{tenant_id}/audit/proof/{event_id}
            getInclusion GET /v1/tenants/{tenant_id}/audit/inclusion
            getConsistency GET /v1/tenants/{tenant_id}/audit/consistency
            getEvidence GET /v1/tenants/{tenant_id}/audit/evidence/{event_id}
            exportLog GET /v1/tenants/{tenant_id}/audit/export
            """),
        ("Tenants", "createTenant PUT /v1/tenants/{tenant_id}"),
        ("Operations", """
            getMetrics GET /metrics
            getLiveness GET /livez
            getReadiness GET /readyz
            getHealth GET /health
            """),
    ];

    static readonly FrozenDictionary<string, (string Chapter, string Id)> known = contents
        .SelectMany(c => c.Operations.Split('\n'), (c, line) => (c.Chapter, Words: line.Trim().Split(' ', 2)))
        .ToFrozenDictionary(o => o.Words[1], o => (o.Chapter, o.Words[0]));

    /// <summary>Their names, in order.</summary>
    public static IEnumerable<string> Names => contents.Select(c => c.Chapter);

    /// <summary>
    /// Where an operation stands; null: in no chapter. What asks for a past, another epoch or headers alone has the name of
    /// what does not, and more.
    /// </summary>
    public static (string Chapter, string Id)? Of(string method, string path)
    {
        var suffix = "";
        Drop(ref path, "/as-of/{position}", "AsOf");
        Drop(ref path, "/epoch/{epoch}", "OfEpoch");
        Drop(ref method, "HEAD", "Head", HttpMethods.Get);
        return known.TryGetValue($"{method} {path}", out var operation) ? (operation.Chapter, operation.Id + suffix) : null;

        void Drop(ref string text, string part, string name, string replacement = "")
        {
            if (!text.Contains(part, StringComparison.Ordinal)) return;
            text = text.Replace(part, replacement, StringComparison.Ordinal);
            suffix += name;
        }
    }
}
