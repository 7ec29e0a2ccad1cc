using Stet.EventStore;

namespace Stet;

/// <summary>What the contexts bring: events with their stored names, states, read models.</summary>
public sealed class ContextCatalog
{
    readonly List<StateType> states = [];
    readonly List<IInlineProjection> projections = [];

    /// <summary>Every event that may be stored.</summary>
    public EventCatalog Catalog { get; } = new();

    /// <summary>States for deciding.</summary>
    public IReadOnlyList<StateType> States => states;

    /// <summary>Read models written in the append transaction.</summary>
    public IReadOnlyList<IInlineProjection> Projections => projections;

    public ContextCatalog Events(Action<EventCatalog> add)
    {
        add(Catalog);
        return this;
    }

    public ContextCatalog State(StateType state)
    {
        states.Add(state);
        return this;
    }

    public ContextCatalog Projection(IInlineProjection projection)
    {
        projections.Add(projection);
        return this;
    }
}
