using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace Stet.EventStore;

/// <summary>
/// A state folded from a stream by convention: <c>static TState Create(TEvent)</c> takes the first event and
/// <c>TState Apply(TEvent)</c> any later one. Events with neither leave the state as it is.
/// </summary>
public abstract class StateType
{
    /// <summary>Names the streams of this state: <c>mt_streams.type</c>, snake_case.</summary>
    public abstract string StreamType { get; }

    /// <summary>Where the folded state is kept (an unqualified table name); null: folded from the events each time.</summary>
    public abstract string? SnapshotTable { get; }

    /// <summary>Whether a stream's newest event tells the state by itself: <c>Create</c> takes it, whatever came before.</summary>
    public abstract bool IsLatest { get; }

    /// <summary>Whether nothing but the stream's version is loaded.</summary>
    public abstract bool IsStateless { get; }

    /// <summary>A state that is folded from its stream's events for every command: for streams that stay short.</summary>
    public static StateType<TState> Folded<TState>(string streamType) where TState : class => new(streamType, null, null, isLatest: false);

    /// <summary>
    /// No state: for append-only streams, whose events are not read for deciding, and for commands that only hold a stream
    /// of another state to a version.
    /// </summary>
    /// <param name="streamType">Names the streams.</param>
    /// <remarks>Appending to a stream of another state this way would leave that state behind.</remarks>
    public static StateType<NoState> Stateless(string streamType) => new(streamType, null, null, isLatest: false, isStateless: true);

    /// <summary>
    /// A state that a stream's newest event tells by itself: for streams that grow, with nothing to keep. It has a
    /// <c>Create</c> for every event that may be the last of an append, and no <c>Apply</c>.
    /// </summary>
    public static StateType<TState> Latest<TState>(string streamType) where TState : class => new(streamType, null, null, isLatest: true);

    /// <summary>A state that is stored with every append: for streams that grow.</summary>
    /// <param name="streamType">Names the streams.</param>
    /// <param name="table">Columns <c>tenant_id, stream_id, version, state json</c>, key <c>(tenant_id, stream_id)</c>.</param>
    /// <param name="json">How the state is stored.</param>
    public static StateType<TState> Snapshotted<TState>(string streamType, string table, JsonTypeInfo<TState> json)
        where TState : class => new(streamType, table, json, isLatest: false);

    /// <summary>Stands for all stateless types where nothing but versions is wanted.</summary>
    internal static StateType Versions { get; } = Stateless("");

    internal abstract object? Fold(object? state, object body);

    internal abstract object ReadSnapshot(ReadOnlySpan<byte> utf8);

    internal abstract byte[] WriteSnapshot(object state);
}

/// <summary>The state of streams that have none; there is never an instance.</summary>
public sealed class NoState
{
    NoState()
    {
    }
}

/// <inheritdoc />
/// <typeparam name="TState">An immutable record.</typeparam>
public sealed class StateType<TState> : StateType
    where TState : class
{
    readonly Dictionary<Type, Func<TState?, object, TState?>> steps = [];
    readonly JsonTypeInfo<TState>? json;

    internal StateType(
        string streamType, string? snapshotTable, JsonTypeInfo<TState>? json, bool isLatest, bool isStateless = false)
    {
        (StreamType, SnapshotTable, this.json) = (streamType, snapshotTable, json);
        (IsLatest, IsStateless) = (isLatest, isStateless);

        var creates = Methods("Create", BindingFlags.Static);
        var applies = Methods("Apply", BindingFlags.Instance);
        foreach (var type in creates.Keys.Union(applies.Keys))
            steps[type] = StepOf(type, creates.GetValueOrDefault(type), applies.GetValueOrDefault(type));
    }

    /// <inheritdoc />
    public override string StreamType { get; }

    /// <inheritdoc />
    public override string? SnapshotTable { get; }

    /// <inheritdoc />
    public override bool IsLatest { get; }

    /// <inheritdoc />
    public override bool IsStateless { get; }

    /// <summary>The state after one more event.</summary>
    /// <exception cref="InvalidOperationException">The event comes first but the state has no <c>Create</c> for it.</exception>
    public TState? Fold(TState? state, object body) =>
        steps.TryGetValue(body.GetType(), out var step) ? step(IsLatest ? null : state, body) : state;

    internal override object? Fold(object? state, object body) => Fold((TState?)state, body);

    internal override object ReadSnapshot(ReadOnlySpan<byte> utf8) =>
        System.Text.Json.JsonSerializer.Deserialize(utf8, json!)
        ?? throw new UnreadableEventException($"a stored state in {SnapshotTable} is null");

    internal override byte[] WriteSnapshot(object state) =>
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes((TState)state, json!);

    static Dictionary<Type, MethodInfo> Methods(string name, BindingFlags kind) =>
        typeof(TState).GetMethods(kind | BindingFlags.Public)
            .Where(m => m.Name == name && m.ReturnType == typeof(TState) && m.GetParameters().Length == 1)
            .ToDictionary(m => m.GetParameters()[0].ParameterType);

    static Func<TState?, object, TState?> StepOf(Type type, MethodInfo? create, MethodInfo? apply) =>
        (Func<TState?, object, TState?>)typeof(StateType<TState>)
            .GetMethod(nameof(TypedStep), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type).Invoke(null, [create, apply])!;

    static Func<TState?, object, TState?> TypedStep<TEvent>(MethodInfo? create, MethodInfo? apply)
    {
        var first = create?.CreateDelegate<Func<TEvent, TState>>();
        var next = apply?.CreateDelegate<Func<TState, TEvent, TState>>();
        return (state, body) => (state, first, next) switch
        {
            (null, { } make, _) => make((TEvent)body),
            (not null, _, { } step) => step(state, (TEvent)body),
            (not null, _, null) => state,
            _ => throw new InvalidOperationException($"{typeof(TState)} has no Create for a first {typeof(TEvent)}"),
        };
    }
}
