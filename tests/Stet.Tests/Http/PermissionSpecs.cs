using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Stet.Authentication;
using Stet.Testing;

namespace Stet.Tests.Http;

public class PermissionSpecs
{
    const string Permissions = """
        admin POST /v1/audit/keys
        admin PUT /v1/tenants/{tenant_id}
        audit:export GET /v1/tenants/{tenant_id}/audit/epoch/{epoch}/evidence/{event_id}
        audit:export GET /v1/tenants/{tenant_id}/audit/epoch/{epoch}/export
        audit:export GET /v1/tenants/{tenant_id}/audit/evidence/{event_id}
        audit:export GET /v1/tenants/{tenant_id}/audit/export
        audit:read GET /v1/audit/keys
        audit:read GET /v1/tenants/{tenant_id}/audit/checkpoint
        audit:read GET /v1/tenants/{tenant_id}/audit/consistency
        audit:read GET /v1/tenants/{tenant_id}/audit/epoch/{epoch}/checkpoint
        audit:read GET /v1/tenants/{tenant_id}/audit/epoch/{epoch}/consistency
        audit:read GET /v1/tenants/{tenant_id}/audit/epoch/{epoch}/inclusion
        audit:read GET /v1/tenants/{tenant_id}/audit/epoch/{epoch}/proof/{event_id}
        audit:read GET /v1/tenants/{tenant_id}/audit/epoch/{epoch}/tile/{**path}
        audit:read GET /v1/tenants/{tenant_id}/audit/inclusion
        audit:read GET /v1/tenants/{tenant_id}/audit/proof/{event_id}
        audit:read GET /v1/tenants/{tenant_id}/audit/tile/{**path}
        corrections:write POST /v1/corrections
        corrections:write POST /v1/corrections/batch
        corrections:write POST /v1/corrections/{correction_id}/revoke
        enforcement:read GET /v1/corrections/{correction_id}/enforcement
        enforcement:read GET /v1/enforcement/defaults
        enforcement:read GET /v1/enforcement/escalation
        enforcement:read GET /v1/enforcement/status
        enforcement:read GET /v1/enforcement/systems
        enforcement:read GET /v1/enforcement/systems/{system_id}
        enforcement:write PUT /v1/enforcement/defaults
        enforcement:write POST /v1/enforcement/heartbeat
        enforcement:write DELETE /v1/enforcement/systems/{system_id}
        enforcement:write PUT /v1/enforcement/systems/{system_id}
        facts:read GET /v1/corrections/{correction_id}
        facts:read GET /v1/facts
        facts:read GET /v1/facts/context
        facts:read GET /v1/history
        pcs:admin DELETE /v1/pcs/keys/{kid}
        pcs:admin PUT /v1/pcs/keys/{kid}
        pcs:admin PUT /v1/pcs/parameters
        pcs:admin PUT /v1/pcs/signature-policy
        pcs:read GET /v1/pcs
        pcs:read GET /v1/pcs/duplicates
        pcs:read GET /v1/pcs/equivocations
        pcs:read GET /v1/pcs/escalations
        pcs:read GET /v1/pcs/keys
        pcs:read GET /v1/pcs/keys/{kid}
        pcs:read GET /v1/pcs/latest
        pcs:read GET /v1/pcs/parameters
        pcs:read GET /v1/pcs/signature-policy
        pcs:read GET /v1/pcs/summary
        pcs:read GET /v1/pcs/{pcs_id}
        pcs:resolve POST /v1/pcs/{pcs_id}/resolve
        policy:activate POST /v1/policy/candidates/{candidate}/activation
        policy:activate POST /v1/policy/candidates/{candidate}/retirement
        policy:activate POST /v1/policy/rollback
        policy:admin DELETE /v1/policy/approvers/{approver}
        policy:admin PUT /v1/policy/approvers/{approver}
        policy:admin POST /v1/policy/entities/import
        policy:admin DELETE /v1/policy/entities/{type}/{**id}
        policy:admin PUT /v1/policy/entities/{type}/{**id}
        policy:admin PUT /v1/policy/peps/{pep_id}
        policy:approve GET /v1/policy/access-requests
        policy:approve GET /v1/policy/access-requests/{id}
        policy:approve POST /v1/policy/access-requests/{id}/approval
        policy:approve POST /v1/policy/access-requests/{id}/denial
        policy:approve POST /v1/policy/access-requests/{id}/revocation
        policy:approve POST /v1/policy/candidates/{candidate}/approvals
        policy:approve POST /v1/policy/candidates/{candidate}/rejections
        policy:audit POST /as-of/{position}/access/v1/evaluation
        policy:audit POST /as-of/{position}/access/v1/evaluations
        policy:audit POST /as-of/{position}/access/v1/search/action
        policy:audit POST /as-of/{position}/access/v1/search/resource
        policy:audit POST /as-of/{position}/access/v1/search/subject
        policy:audit GET /v1/policy/audit
        policy:audit POST /v1/policy/audit
        policy:audit POST /v1/policy/changes
        policy:author POST /v1/policy/candidates
        policy:author POST /v1/policy/candidates/{candidate}/diff
        policy:author POST /v1/policy/candidates/{candidate}/validation
        policy:author POST /v1/policy/decisions/{evaluation_id}/promotion
        policy:evaluate POST /access/v1/evaluation
        policy:evaluate POST /access/v1/evaluations
        policy:evaluate POST /access/v1/requests
        policy:evaluate DELETE /access/v1/requests/{id}
        policy:evaluate GET /access/v1/requests/{id}
        policy:evaluate POST /access/v1/search/action
        policy:evaluate POST /access/v1/search/resource
        policy:evaluate POST /access/v1/search/subject
        policy:read GET /v1/policy/approvers
        policy:read GET /v1/policy/candidates
        policy:read GET /v1/policy/candidates/{candidate}
        policy:read GET /v1/policy/candidates/{candidate}/diff
        policy:read GET /v1/policy/candidates/{candidate}/diff/{digest}
        policy:read GET /v1/policy/candidates/{candidate}/text
        policy:read GET /v1/policy/decisions
        policy:read GET /v1/policy/decisions/{evaluation_id}
        policy:read GET /v1/policy/entities
        policy:read GET /v1/policy/entities/{type}/{**id}
        policy:read GET /v1/policy/in-force
        policy:read GET /v1/policy/peps
        policy:read GET /v1/policy/peps/{pep_id}
        """;

    [Fact]
    public async Task Every_route_takes_the_scope_that_is_meant_for_it()
    {
        var service = await TestService.SharedAsync();
        var endpoints = service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

        // What is asked below the path of a tenant takes what it takes elsewhere.
        endpoints.Where(e => e.Metadata.GetMetadata<RequiredPermission>() is not null)
            .Select(e => $"{e.Metadata.GetMetadata<RequiredPermission>()!.Permission} {e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single()} {PathOf(e)}")
            .Distinct().Order(StringComparer.Ordinal).ShouldBe(Permissions.Split('\n').Order(StringComparer.Ordinal));

        static string PathOf(RouteEndpoint endpoint) =>
            endpoint.RoutePattern.RawText is { } path && path.StartsWith("/t/{tenant_id}", StringComparison.Ordinal)
                ? path["/t/{tenant_id}".Length..]
                : endpoint.RoutePattern.RawText!;
    }
}
