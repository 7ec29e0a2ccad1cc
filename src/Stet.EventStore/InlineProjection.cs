using Npgsql;
using NpgsqlTypes;

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

/// <summary>Short ways to write a set-based statement.</summary>
public static class NpgsqlBatchExtensions
{
    /// <summary>Adds a statement with positional parameters <c>$1 ...</c></summary>
    public static NpgsqlBatch Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
        return batch;
    }

    /// <summary>Names a tenant to row security, until the transaction ends: no other one's rows are there.</summary>
    /// <param name="batch">What follows sees that tenant.</param>
    /// <param name="tenantId">The tenant, or several joined by commas.</param>
    public static NpgsqlBatch EnterTenant(this NpgsqlBatch batch, string tenantId) =>
        batch.Add("select set_config('stet.tenant', $1, true)", Scalar(tenantId));

    /// <summary>A transaction that begins by naming a tenant to row security, see <see cref="EnterTenant"/>.</summary>
    public static NpgsqlBatch BatchFor(this NpgsqlConnection connection, string tenantId) =>
        new NpgsqlBatch(connection).EnterTenant(tenantId);

    /// <summary>One value of a type that Npgsql maps without being told.</summary>
    public static NpgsqlParameter Scalar<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    /// <summary>One value that may be null.</summary>
    public static NpgsqlParameter Optional<T>(T? value) =>
        value is null ? new NpgsqlParameter { Value = DBNull.Value } : new NpgsqlParameter { Value = value };

    /// <summary>One array parameter: a column of a set, taken from each item.</summary>
    /// <remarks>Nulls at the end are left out: beside a longer column, <c>unnest</c> gives them without being sent any.</remarks>
    public static NpgsqlParameter Column<TItem, T>(IReadOnlyList<TItem> items, Func<TItem, T> value)
    {
        var length = items.Count;
        while (length > 0 && value(items[length - 1]) is null) length--;

        var column = new T[length];
        for (var i = 0; i < column.Length; i++) column[i] = value(items[i]);
        var parameter = Scalar(column);

        // Npgsql would judge by the first element, and takes a null for a time without a zone.
        if (typeof(T) == typeof(DateTime?)) parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
        return parameter;
    }
}
