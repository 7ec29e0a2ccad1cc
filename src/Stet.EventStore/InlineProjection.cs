using Npgsql;

namespace Stet.EventStore;

/// <summary>A read model that is written in the transaction of the events it shows.</summary>
/// <remarks>
/// Statements are set-based, probe single rows by index, and name their own tables without a schema: a rebuild runs the
/// same statements against tables of another one.
/// </remarks>
public interface IInlineProjection
{
    /// <summary>Names the projection in tools, snake_case.</summary>
    string Name { get; }

    /// <summary>The tables it writes, unqualified. Each has a <c>tenant_id</c>.</summary>
    IReadOnlyList<string> Tables { get; }

    /// <summary>Adds the statements that carry the events into the tables.</summary>
    /// <param name="events">In log order per tenant; events the projection does not know among them.</param>
    /// <param name="batch">Runs after all events have been decided, in one round trip.</param>
    void Project(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch);
}
