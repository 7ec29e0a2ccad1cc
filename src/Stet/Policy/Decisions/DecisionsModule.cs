namespace Stet.Policy.Decisions;

/// <summary>Decisions, and who asks for them.</summary>
public static class DecisionsModule
{
    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("decision_recorded", DecisionEventJson.Default.DecisionRecorded)
            .Add("search_answered", DecisionEventJson.Default.SearchAnswered)
            .Add("pep_registered", DecisionEventJson.Default.PepRegistered))
        .State(DecisionRecorder.DecisionsState)
        .State(DecisionRecorder.SearchesState)
        .State(PepSettings.State);

    public static IServiceCollection AddDecisions(this IServiceCollection services)
    {
        services.AddSingleton<PepSettings>();
        services.AddSingleton<DecisionPauses>();
        services.AddSingleton<DecisionRecorder>();
        services.AddSingleton<Changes>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, DecisionHttpJson.Default));
        return services;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        PepEndpoints.Map(routes);
        DecisionQueries.Map(routes);
        Changes.Map(routes);
    }
}
