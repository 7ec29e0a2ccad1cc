namespace Stet.Http;

/// <summary>Whatever can be got can be asked about: HEAD runs the route of GET, and the server leaves the body out.</summary>
public static class HeadRequests
{
    /// <summary>Finds the endpoint of a request, that of GET for HEAD (RFC 9110, section 9.3.2).</summary>
    public static IApplicationBuilder UseRoutingWithHead(this IApplicationBuilder app)
    {
        var heads = new object();
        return app
            .Use(next => context =>
            {
                if (HttpMethods.IsHead(context.Request.Method)) (context.Request.Method, context.Items[heads]) = (HttpMethods.Get, heads);
                return next(context);
            })
            .UseRouting()
            .Use(next => context =>
            {
                if (context.Items.ContainsKey(heads)) context.Request.Method = HttpMethods.Head;
                return next(context);
            });
    }

    /// <summary>Completes what the framework names in <c>Allow</c>.</summary>
    public static void AddTo(IHeaderDictionary headers)
    {
        if (headers.Allow is [{ } told] && told.Split(", ").Contains(HttpMethods.Get) && !told.Contains(HttpMethods.Head, StringComparison.Ordinal))
            headers.Allow = $"{told}, {HttpMethods.Head}";
    }
}
