namespace Stet.Authentication;

/// <summary>Endpoint metadata: the caller's credential must carry this scope.</summary>
public sealed record RequiredPermission(string Permission);

/// <summary>Endpoint metadata: answered without a credential, such as health, metrics and the API description.</summary>
public sealed record WithoutTenant;

/// <summary>Endpoint metadata: some of its resources are open to everybody, with or without a credential.</summary>
/// <param name="CallerOf">Who asks for an open one; null for a request that needs a credential.</param>
public sealed record OpenResources(Func<HttpContext, Caller?> CallerOf);

/// <summary>Says on each route who may use it. A route says exactly one of the two, or the service does not start.</summary>
public static class EndpointPermissions
{
    /// <summary>Asks for a credential that carries the scope, one of <see cref="Scopes"/>.</summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder builder, string permission)
        where TBuilder : IEndpointConventionBuilder
    {
        if (!Scopes.All.Contains(permission))
            throw new ArgumentException($"`{permission}` is not a permission; see {nameof(Scopes)}.", nameof(permission));

        return builder.WithMetadata(new RequiredPermission(permission));
    }

    /// <summary>Asks for nothing, and gives the endpoint no caller and no rate limit.</summary>
    public static TBuilder AllowWithoutTenant<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new WithoutTenant());

    /// <summary>The endpoints that do not say who may use them, or say both that all may and that few may.</summary>
    public static IReadOnlyList<Endpoint> Undecided(EndpointDataSource endpoints) =>
        [.. endpoints.Endpoints.Where(IsUndecided)];

    internal static bool IsUndecided(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<RequiredPermission>() is null
        == endpoint.Metadata.GetMetadata<WithoutTenant>() is null;
}
