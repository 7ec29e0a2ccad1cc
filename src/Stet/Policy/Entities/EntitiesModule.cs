namespace Stet.Policy.Entities;

/// <summary>What is known of principals, resources and groups.</summary>
public static class EntitiesModule
{
    public static void Configure(ContextCatalog contexts) => contexts
        .Events(events => events
            .Add("entity_recorded", EntityEventJson.Default.EntityRecorded)
            .Add("entity_removed", EntityEventJson.Default.EntityRemoved))
        .State(PolicyEntities.State)
        .Projection(new EntityProjection());

    public static IServiceCollection AddPolicyEntities(this IServiceCollection services)
    {
        services.AddSingleton<PolicyEntities>();
        services.AddSingleton<EntityRecorder>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, EntityHttpJson.Default));
        return services;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        ImportEntitiesEndpoint.Map(routes);
        EntityEndpoints.Map(routes);
    }
}
