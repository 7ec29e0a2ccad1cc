using Npgsql;

namespace Stet.EventStore;

/// <summary>Whether commands could be recorded, asked without recording one.</summary>
public static class WriteProbe
{
    /// <summary>
    /// Adds to a transaction of <c>stet_writer</c> what fails, at once, while no command could be recorded: the tables of
    /// events are held, or the schema is a newer version's.
    /// </summary>
    /// <param name="batch">The transaction.</param>
    /// <param name="scripts">Scripts of the schema that this version knows.</param>
    public static void AddWriteProbe(this NpgsqlBatch batch, int scripts)
    {
        batch.Add("do $$ begin lock table stet.tenant_head, stet.mt_events in row exclusive mode nowait; end $$");
        UnitWrite.AddComparison(scripts, batch);
    }
}
