namespace Stet.Http;

/// <summary>The query parameters of a route.</summary>
/// <param name="Names">All of them.</param>
sealed record DeclaredQuery(params string[] Names);

static class DeclaredQueries
{
    /// <summary>Refuses a read with a parameter that its route does not take: a misspelt one would get the answer to another question.</summary>
    public static IApplicationBuilder UseDeclaredQueries(this IApplicationBuilder app) =>
        app.Use(next => context =>
        {
            var request = context.Request;
            if (request.QueryString.HasValue && !HttpMethods.IsPost(request.Method)
                && context.GetEndpoint()?.Metadata.GetMetadata<DeclaredQuery>() is { } declared
                && request.Query.Keys.FirstOrDefault(name => !declared.Names.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
                throw RequestQuery.Bad(unknown, $"is not a parameter of this call: it takes {string.Join(", ", declared.Names)}");
            return next(context);
        });
}
