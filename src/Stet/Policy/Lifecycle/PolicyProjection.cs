using Npgsql;
using Stet.EventStore;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Policy.Lifecycle;

/// <summary>Keeps the candidates, their steps, and what came into force. Steps are rare: each is a statement.</summary>
sealed class PolicyProjection : IInlineProjection
{
    /// <summary>SQLSTATE: decisions have overtaken an activation, see <c>stet.policy_require_replayed</c>.</summary>
    public const string Overtaken = "ST001";

    public string Name => "policy_life_cycle";

    public IReadOnlyList<string> Tables => ["policy_candidate", "policy_step", "policy_activation", "policy_mismatch"];

    public void Project(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch)
    {
        foreach (var stored in events)
        {
            switch (stored.Data)
            {
                case PolicyDrafted e:
                    Draft(stored, e, batch);
                    break;
                case PolicyValidated e:
                    Step(stored, e.Candidate, CandidateState.Validated, batch);
                    break;
                case PolicyFoundInvalid e:
                    Step(stored, e.Candidate, CandidateState.Invalid, batch);
                    break;
                case PolicyDiffed e:
                    Step(stored, e.Candidate, CandidateState.Diffed, batch);
                    break;
                case PolicyApproved e:
                    Step(stored, e.Candidate, CandidateState.Diffed, batch);
                    break;
                case PolicyRejected e:
                    Step(stored, e.Candidate, CandidateState.Rejected, batch);
                    break;
                case PolicyActivated e:
                    if (e.NotBefore <= e.ActivatedAt) RequireReplayed(stored, e, batch);
                    Step(stored, e.Candidate, CandidateState.Activated, batch);
                    Activate(stored, e.Candidate, e.PolicySetDigest, e.SchemaDigest, e.NotBefore, e.NotBefore <= e.ActivatedAt, batch);
                    break;
                case PolicyRolledBack e:
                    Step(stored, e.Candidate, CandidateState.Activated, batch);
                    Activate(stored, e.Candidate, e.PolicySetDigest, e.SchemaDigest, e.RolledBackAt, atOnce: true, batch);
                    break;
                case PolicyRetired e:
                    Step(stored, e.Candidate, CandidateState.Retired, batch);
                    Withdraw(stored, e, batch);
                    break;
                case DecisionMismatchFound e:
                    batch.Add(
                        "insert into policy_mismatch (tenant_id, position, decision_position) values ($1, $2, $3)",
                        Scalar(stored.TenantId), Scalar(stored.Position), Scalar(e.Position));
                    break;
            }
        }
    }

    static void Draft(StoredEvent stored, PolicyDrafted e, NpgsqlBatch batch) => batch
        .Add("""
            insert into policy_candidate (
                tenant_id, candidate, policy_set_digest, schema_digest, author, state, drafted_position, changed_position)
            values ($1, $2, $3, $4, $5, 'drafted', $6, $6)
            on conflict (tenant_id, candidate) do update set
                author = excluded.author, state = excluded.state, drafted_position = excluded.drafted_position,
                changed_position = excluded.changed_position
            """,
            Scalar(stored.TenantId), Scalar(e.Candidate), Scalar(e.PolicySetDigest), Scalar(e.SchemaDigest), Scalar(e.Author),
            Scalar(stored.Position))
        .Add("insert into policy_step (tenant_id, candidate, position) values ($1, $2, $3)",
            Scalar(stored.TenantId), Scalar(e.Candidate), Scalar(stored.Position));

    static void Step(StoredEvent stored, string candidate, string state, NpgsqlBatch batch) => batch
        .Add("insert into policy_step (tenant_id, candidate, position) values ($1, $2, $3)",
            Scalar(stored.TenantId), Scalar(candidate), Scalar(stored.Position))
        .Add("update policy_candidate set state = $3, changed_position = $4 where tenant_id = $1 and candidate = $2",
            Scalar(stored.TenantId), Scalar(candidate), Scalar(state), Scalar(stored.Position));

    static void RequireReplayed(StoredEvent stored, PolicyActivated e, NpgsqlBatch batch) => batch.Add(
        "select stet.policy_require_replayed($1, $2, $3)", Scalar(stored.TenantId), Scalar(e.TailTo), Scalar(stored.Position));

    // It takes the place of those that would come with it or after it, see PolicyLife.
    static void Activate(
        StoredEvent stored, string candidate, string policySet, string schema, DateTimeOffset notBefore, bool atOnce,
        NpgsqlBatch batch) => batch
        .Add("""
            update policy_activation set withdrawn_position = $2
            where tenant_id = $1 and not_before >= $3 and withdrawn_position is null
            """,
            Scalar(stored.TenantId), Scalar(stored.Position), Scalar(notBefore.UtcDateTime))
        .Add("""
            insert into policy_activation (tenant_id, position, candidate, policy_set_digest, schema_digest, not_before, at_once)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            Scalar(stored.TenantId), Scalar(stored.Position), Scalar(candidate), Scalar(policySet), Scalar(schema),
            Scalar(notBefore.UtcDateTime), Scalar(atOnce));

    // What has decided keeps its place: only what is still to come is off.
    static void Withdraw(StoredEvent stored, PolicyRetired e, NpgsqlBatch batch) => batch
        .Add("""
            update policy_activation set withdrawn_position = $3
            where tenant_id = $1 and candidate = $2 and not_before > $4 and withdrawn_position is null
            """,
            Scalar(stored.TenantId), Scalar(e.Candidate), Scalar(stored.Position), Scalar(e.RetiredAt.UtcDateTime));
}
