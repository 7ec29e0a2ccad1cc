using Stet.Authentication;

namespace Stet.Http;

/// <summary>The query parameters of a route. One that declares none takes, if it writes, <c>receipt</c>.</summary>
/// <param name="Parameters">All of them.</param>
sealed record DeclaredQuery(params QueryParameter[] Parameters)
{
    public static DeclaredQuery None { get; } = new();

    public static DeclaredQuery OfWrites { get; } = new(QueryParameter.Receipt);

    /// <summary>Their names.</summary>
    public string[] Names { get; } = [.. Parameters.Select(p => p.Name)];

    /// <exception cref="BadRequestException">There is another parameter.</exception>
    public void Check(IQueryCollection query)
    {
        if (query.Keys.FirstOrDefault(name => !Names.Contains(name, StringComparer.OrdinalIgnoreCase)) is not { } unknown) return;
        if (unknown.Length == 0) throw RequestQuery.Bad("query", "has a parameter without a name");

        var taken = Names.Length == 0 ? "none" : string.Join(", ", Names);
        throw RequestQuery.Bad(unknown, $"is not a parameter of this call: it takes {taken}");
    }
}

static class DeclaredQueries
{
    /// <summary>Refuses a parameter that a route does not take: a misspelt one would get the answer to another question.</summary>
    public static IApplicationBuilder UseDeclaredQueries(this IApplicationBuilder app) =>
        app.Use(next => context =>
        {
            if (context.Request.QueryString.HasValue && QueryOf(context) is { } declared) declared.Check(context.Request.Query);
            return next(context);
        });

    static DeclaredQuery? QueryOf(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<RequiredPermission>() is null) return null;

        return metadata.GetMetadata<DeclaredQuery>()
            ?? (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) ? DeclaredQuery.None : DeclaredQuery.OfWrites);
    }
}
