using Npgsql;
using NpgsqlTypes;

namespace Stet.EventStore;

/// <summary>Short ways to write a statement.</summary>
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

    /// <summary>A statement with positional parameters <c>$1 ...</c></summary>
    public static NpgsqlCommand With(this NpgsqlCommand command, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>The first column of all rows, which is text.</summary>
    public static async Task<List<string>> ReadTextsAsync(this NpgsqlCommand command, CancellationToken cancel)
    {
        await using var rows = await command.ExecuteReaderAsync(cancel);
        var texts = new List<string>();
        while (await rows.ReadAsync(cancel)) texts.Add(rows.GetString(0));
        return texts;
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
