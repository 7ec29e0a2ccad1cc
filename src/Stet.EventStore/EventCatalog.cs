using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Stet.EventStore;

/// <summary>The events a store may hold: their stored names, schema versions, JSON shapes and upcasters.</summary>
/// <remarks>
/// A stored name is snake_case and never changes. Version 1 is stored as <c>name</c>, version n as <c>name_vn</c>, as
/// Marten does; so names must not end in <c>_v</c> and digits.
/// </remarks>
public sealed class EventCatalog
{
    readonly Dictionary<Type, EventType> byClrType = [];
    readonly Dictionary<string, Func<ReadOnlySpan<byte>, object>> readers = new(StringComparer.Ordinal);
    FrozenDictionary<Type, EventType>? frozenTypes;
    FrozenDictionary<string, Func<ReadOnlySpan<byte>, object>>? frozenReaders;

    /// <summary>Every current event type, in the order it was added.</summary>
    public IReadOnlyCollection<EventType> Types => byClrType.Values;

    /// <summary>Adds the current shape of an event.</summary>
    /// <param name="name">Stored name without a version, snake_case.</param>
    /// <param name="json">How the body is written and read.</param>
    /// <param name="version">Schema version of this shape, from 1.</param>
    /// <exception cref="ArgumentException">The name or the type is taken, or the name is malformed.</exception>
    public EventCatalog Add<TEvent>(string name, JsonTypeInfo<TEvent> json, int version = 1)
        where TEvent : notnull
    {
        if (!IsStoredName(name)) throw new ArgumentException($"`{name}` is not a stored event name", nameof(name));

        var type = new EventType(name, version, typeof(TEvent), (body, writer) => JsonSerializer.Serialize(writer, (TEvent)body, json));
        if (!byClrType.TryAdd(typeof(TEvent), type))
            throw new ArgumentException($"{typeof(TEvent)} is in the catalog already", nameof(name));

        AddReader(type.StoredName, utf8 => Read(utf8, json));
        return this;
    }

    /// <summary>Adds a shape of an earlier schema version and how its events are read as the current one.</summary>
    /// <param name="name">Stored name without a version.</param>
    /// <param name="version">The schema version of the earlier shape.</param>
    /// <param name="json">How the earlier body is read.</param>
    /// <param name="upcast">The current event that says the same.</param>
    public EventCatalog Upcast<TOld, TEvent>(string name, int version, JsonTypeInfo<TOld> json, Func<TOld, TEvent> upcast)
        where TOld : notnull
        where TEvent : notnull
    {
        AddReader(StoredNameOf(name, version), utf8 => upcast(Read(utf8, json)));
        return this;
    }

    /// <summary>The type of an event about to be stored.</summary>
    /// <exception cref="InvalidOperationException">The catalog does not know the event's type.</exception>
    public EventType TypeOf(object body) =>
        (frozenTypes ??= byClrType.ToFrozenDictionary()).TryGetValue(body.GetType(), out var type)
            ? type
            : throw new InvalidOperationException($"{body.GetType()} is not in the event catalog");

    /// <summary>Reads a stored body, upcast to the current shape.</summary>
    /// <exception cref="UnreadableEventException">The name is unknown or the body does not have its shape.</exception>
    public object Read(string storedName, ReadOnlySpan<byte> utf8)
    {
        frozenReaders ??= readers.ToFrozenDictionary(StringComparer.Ordinal);
        if (!frozenReaders.TryGetValue(storedName, out var read))
            throw new UnreadableEventException($"no event is named `{storedName}`");
        try
        {
            return read(utf8);
        }
        catch (JsonException e)
        {
            throw new UnreadableEventException($"a stored `{storedName}` does not have the event's shape: {e.Message}", e);
        }
    }

    void AddReader(string storedName, Func<ReadOnlySpan<byte>, object> read)
    {
        if (!readers.TryAdd(storedName, read))
            throw new ArgumentException($"`{storedName}` is in the catalog already", nameof(storedName));
    }

    static T Read<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> json) where T : notnull =>
        JsonSerializer.Deserialize(utf8, json) ?? throw new JsonException("the body is null");

    internal static string StoredNameOf(string name, int version) =>
        version == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}_v{version}");

    static bool IsStoredName(string name) =>
        name.Length is > 0 and <= 200 && name[0] is >= 'a' and <= 'z' && name.All(c => c is >= 'a' and <= 'z' or '_');
}

/// <summary>The current shape of one event.</summary>
/// <param name="Name">Stored name without a version.</param>
/// <param name="Version">Schema version, from 1.</param>
/// <param name="ClrType">The record.</param>
/// <param name="Write">Writes a body as JSON.</param>
public sealed record EventType(string Name, int Version, Type ClrType, Action<object, Utf8JsonWriter> Write)
{
    /// <summary>What <c>mt_events.type</c> holds.</summary>
    public string StoredName { get; } = EventCatalog.StoredNameOf(Name, Version);

    /// <summary>What <c>mt_events.mt_dotnet_type</c> holds: <c>Namespace.Type, Assembly</c>.</summary>
    public string DotNetType { get; } = $"{ClrType.FullName}, {ClrType.Assembly.GetName().Name}";
}

/// <summary>A stored event cannot be read: its name is unknown or its body lacks the shape.</summary>
public sealed class UnreadableEventException(string message, Exception? inner = null) : Exception(message, inner);
