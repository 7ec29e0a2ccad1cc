namespace Stet.Authentication;

/// <summary>Lets a request through to its endpoint when the caller has the permission that the endpoint names.</summary>
sealed class CallerMiddleware
{
    readonly RequestDelegate next;
    readonly ICredentials credentials;

    /// <exception cref="InvalidOperationException">An endpoint does not say who may use it.</exception>
    public CallerMiddleware(RequestDelegate next, ICredentials credentials, EndpointDataSource endpoints)
    {
        var undecided = EndpointPermissions.Undecided(endpoints);
        if (undecided.Count > 0)
            throw new InvalidOperationException(
                "Each of these routes must say either RequirePermission or AllowWithoutTenant: "
                + string.Join("; ", undecided.Select(endpoint => endpoint.DisplayName)));

        this.next = next;
        this.credentials = credentials;
    }

    public Task InvokeAsync(HttpContext context)
    {
        // Endpoints that are no routes are the framework's own refusals (405, 415); they run nothing of ours.
        if (context.GetEndpoint() is not RouteEndpoint endpoint) return next(context);
        if (EndpointPermissions.IsUndecided(endpoint))
            return Problems.WriteAsync(context, AuthenticationProblems.PermissionUndecided);

        if (endpoint.Metadata.GetMetadata<RequiredPermission>() is not { } required) return next(context);

        if (endpoint.Metadata.GetMetadata<OpenResources>()?.CallerOf(context) is { } anybody)
            return AdmitAsync(context, anybody, required.Permission);

        var identifying = credentials.IdentifyAsync(context);
        return identifying.IsCompletedSuccessfully
            ? AdmitAsync(context, identifying.Result, required.Permission)
            : AdmitAsync(context, identifying, required.Permission);
    }

    async Task AdmitAsync(HttpContext context, ValueTask<Identification> identifying, string permission) =>
        await AdmitAsync(context, await identifying, permission);

    Task AdmitAsync(HttpContext context, Identification identification, string permission)
    {
        if (identification is { Problem: { } problem, Challenge: var challenge })
            return RefuseAsync(context, problem, challenge);

        return AdmitAsync(context, identification.Caller!, permission);
    }

    Task AdmitAsync(HttpContext context, Caller caller, string permission)
    {
        if (!caller.Scopes.Contains(permission))
            return RefuseAsync(
                context, AuthenticationProblems.PermissionDenied(permission),
                $"Bearer error=\"insufficient_scope\", scope=\"{permission}\"");

        context.Features.Set(caller);
        return next(context);
    }

    static Task RefuseAsync(HttpContext context, Problem problem, string? challenge)
    {
        if (challenge is not null) context.Response.Headers.WWWAuthenticate = challenge;
        return Problems.WriteAsync(context, problem);
    }
}
