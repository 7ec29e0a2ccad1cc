using System.Buffers;
using System.Text.Json;

namespace Stet.EventStore;

/// <summary>A request in the writer's hands: commands of one tenant that are recorded together or not at all.</summary>
sealed class PendingAppend(
    string tenantId, EventMetadata metadata, IReadOnlyList<StreamCommand> commands, bool receipt, CancellationToken cancel)
{
    readonly TaskCompletionSource<AppendResult[]> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string TenantId { get; } = tenantId;

    public EventMetadata Metadata { get; } = metadata;

    public IReadOnlyList<StreamCommand> Commands { get; } = commands;

    /// <summary>Whether the caller wants a proof that its events are in the log.</summary>
    public bool Receipt { get; } = receipt;

    public bool Abandoned => cancel.IsCancellationRequested;

    public Task<AppendResult[]> Task => completion.Task;

    public void Answer(AppendResult[] results) => completion.TrySetResult(results);

    public void Fail(Exception e) => completion.TrySetException(e);

    public void Cancel() => completion.TrySetCanceled(cancel);
}

/// <summary>The batch in memory: what was loaded under the heads' locks, and what the decisions make of it.</summary>
sealed class WriteUnit(IReadOnlyList<PendingAppend> requests, EventCatalog catalog, IAppendLog? log)
{
    readonly Dictionary<string, TenantSlot> tenants = new(StringComparer.Ordinal);
    readonly Dictionary<(string, Guid), StreamSlot> streams = [];
    readonly Dictionary<(string, Guid), FirstAnswer> answers = [];
    readonly List<AppendedEvent> events = [];
    readonly List<(PendingAppend Request, AppendResult[] Results)> outcomes = [];
    readonly List<(PendingAppend Request, Exception Error)> failures = [];
    readonly List<(StreamSlot Slot, long Version, object? State)> undo = [];

    public IReadOnlyCollection<TenantSlot> Tenants => tenants.Values;

    public IReadOnlyCollection<StreamSlot> Streams => streams.Values;

    public IReadOnlyList<AppendedEvent> Events => events;

    public List<NewAnswer> NewAnswers { get; } = [];

    /// <summary>Names everything that the decisions need to see.</summary>
    public void Plan()
    {
        foreach (var request in requests)
        {
            tenants.TryAdd(request.TenantId, new TenantSlot(request.TenantId));
            foreach (var command in request.Commands)
            {
                // A command that only holds a stream to a version must not keep the state from one that decides on it.
                var key = (request.TenantId, command.StreamId);
                if (!streams.TryGetValue(key, out var known) || (known.Type.IsStateless && !command.State.IsStateless))
                    streams[key] = new StreamSlot(request.TenantId, command.StreamId, command.State);
            }
        }
    }

    public IEnumerable<(string TenantId, Guid Id)> Marks() =>
        from request in requests
        from command in request.Commands
        let mark = command.Idempotency
        where mark is not null
        select (request.TenantId, mark.Id);

    public void Load(string tenantId, long position, DateTimeOffset lastAt, byte[] edge, DateTimeOffset now)
    {
        var tenant = tenants[tenantId];
        tenant.Load(position, lastAt, now);
        tenant.Log = log?.Begin(tenantId, position, edge);
    }

    /// <summary>Closes the log's parts; call it once all is decided.</summary>
    public IReadOnlyList<TenantSlot> Seal()
    {
        TenantSlot[] changed = [.. tenants.Values.Where(t => t.Position > t.LoadedPosition)];
        foreach (var tenant in changed)
            tenant.Edge = tenant.Log?.Seal(requests.Any(r => r.Receipt && r.TenantId == tenant.Id)) ?? [];
        return changed;
    }

    public void Load(string tenantId, Guid markId, byte[] payloadHash, long position, int count) =>
        answers[(tenantId, markId)] = new FirstAnswer(payloadHash, position, count);

    /// <summary>Takes every decision, in the order the requests arrived.</summary>
    public void Decide()
    {
        foreach (var request in requests)
        {
            if (request.Abandoned)
            {
                request.Cancel();
                continue;
            }

            var tenant = tenants[request.TenantId];
            var (position, eventCount, answerCount, logCount) = (tenant.Position, events.Count, NewAnswers.Count, tenant.Log?.Count ?? 0);
            AppendResult[] results = [];
            undo.Clear();
            try
            {
                results = new AppendResult[request.Commands.Count];
                var recorded = true;
                for (var i = 0; i < results.Length; i++)
                {
                    results[i] = Decide(request, tenant, request.Commands[i]);
                    recorded &= results[i].Outcome is AppendOutcome.Recorded or AppendOutcome.Repeated or AppendOutcome.NothingToRecord;
                }

                if (!recorded) UndoRequest();
                outcomes.Add((request, results));
            }
            catch (Exception e) // whatever one command's code throws is that command's answer and nobody else's
            {
                UndoRequest();
                failures.Add((request, e));
            }

            void UndoRequest()
            {
                for (var i = undo.Count - 1; i >= 0; i--) (undo[i].Slot.Version, undo[i].Slot.State) = (undo[i].Version, undo[i].State);
                for (var i = answerCount; i < NewAnswers.Count; i++) answers.Remove((request.TenantId, NewAnswers[i].Id));
                NewAnswers.RemoveRange(answerCount, NewAnswers.Count - answerCount);
                events.RemoveRange(eventCount, events.Count - eventCount);
                tenant.Log?.Cut(logCount);
                tenant.Position = position;
                for (var i = 0; i < results.Length; i++)
                {
                    // A repetition of what this very request recorded goes with it.
                    if (results[i] is { } result
                        && (result.Outcome is AppendOutcome.Recorded or AppendOutcome.NothingToRecord
                            || (result.Outcome == AppendOutcome.Repeated && result.Position > position)))
                        results[i] = new AppendResult(AppendOutcome.NotRecorded, position, []);
                }
            }
        }
    }

    /// <summary>Answers every request; call it after the commit.</summary>
    public void Answer()
    {
        foreach (var tenant in tenants.Values.Where(t => t.Position > t.LoadedPosition)) tenant.Log?.Committed();
        foreach (var (request, results) in outcomes) request.Answer(results);
        foreach (var (request, error) in failures) request.Fail(error);
    }

    AppendResult Decide(PendingAppend request, TenantSlot tenant, StreamCommand command)
    {
        if (!tenant.Exists) return new AppendResult(AppendOutcome.UnknownTenant, 0, []);

        if (command.Idempotency is { } mark && answers.TryGetValue((tenant.Id, mark.Id), out var first))
        {
            return first.PayloadHash.AsSpan().SequenceEqual(mark.PayloadHash)
                ? new AppendResult(AppendOutcome.Repeated, first.Position + first.Count - 1, EventsOf(tenant, first)) { Count = first.Count }
                : new AppendResult(AppendOutcome.KeyConflict, tenant.Position, []);
        }

        var slot = streams[(tenant.Id, command.StreamId)];
        slot.ThrowIfUnreadable();
        if (command.ExpectedVersion is { } expected && expected != slot.Version)
            return new AppendResult(AppendOutcome.VersionConflict, tenant.Position, []);

        var bodies = command.Decide(command.State.IsStateless ? null : slot.State, tenant.Now);
        if (bodies is null) return new AppendResult(AppendOutcome.Refused, tenant.Position, []);
        if (bodies.Count == 0) return new AppendResult(AppendOutcome.NothingToRecord, tenant.Position, []);

        undo.Add((slot, slot.Version, slot.State));
        var recorded = new StoredEvent[bodies.Count];
        for (var i = 0; i < recorded.Length; i++)
        {
            recorded[i] = new StoredEvent(
                tenant.Id, ++tenant.Position, Guid.CreateVersion7(tenant.Now), slot.StreamId, ++slot.Version, tenant.Now, bodies[i]);
            slot.State = slot.Type.Fold(slot.State, bodies[i]);
            var type = catalog.TypeOf(bodies[i]);
            var appended = new AppendedEvent(recorded[i], type, Json.Write(bodies[i], type), request.Metadata);
            tenant.Log?.Add(appended);
            events.Add(appended);
        }

        if (command.Idempotency is { } fresh)
        {
            answers[(tenant.Id, fresh.Id)] = new FirstAnswer(fresh.PayloadHash, recorded[0].Position, recorded.Length);
            NewAnswers.Add(new NewAnswer(tenant.Id, fresh.Id, fresh.PayloadHash, recorded[0].Position, recorded.Length));
        }

        return new AppendResult(AppendOutcome.Recorded, tenant.Position, recorded) { Log = request.Receipt ? tenant.Log : null };
    }

    /// <summary>The events of a first answer given in this very batch; older ones are read after the commit.</summary>
    StoredEvent[] EventsOf(TenantSlot tenant, FirstAnswer first) =>
        first.Position <= tenant.LoadedPosition
            ? []
            : [.. events.Where(e => e.Event.TenantId == tenant.Id
                && e.Event.Position >= first.Position && e.Event.Position < first.Position + first.Count).Select(e => e.Event)];

    readonly record struct FirstAnswer(byte[] PayloadHash, long Position, int Count);
}

sealed record NewAnswer(string TenantId, Guid Id, byte[] PayloadHash, long Position, int Count);

sealed class TenantSlot(string id)
{
    public string Id { get; } = id;

    public bool Exists { get; private set; }

    public long LoadedPosition { get; private set; }

    public long Position { get; set; }

    public DateTimeOffset Now { get; private set; }

    public IAppendLogPart? Log { get; set; }

    public byte[] Edge { get; set; } = [];

    public void Load(long position, DateTimeOffset lastAt, DateTimeOffset now)
    {
        (Exists, LoadedPosition, Position) = (true, position, position);

        // INVARIANT: a tenant's timestamps rise from batch to batch, so "newer than" means the same by time and by position.
        var atLeast = lastAt == DateTimeOffset.MinValue ? lastAt : lastAt.AddMicroseconds(1);
        Now = now > atLeast ? now : atLeast;
    }
}

sealed class StreamSlot(string tenantId, Guid streamId, StateType type)
{
    Exception? unreadable;

    public string TenantId { get; } = tenantId;

    public Guid StreamId { get; } = streamId;

    public StateType Type { get; } = type;

    public long LoadedVersion { get; private set; }

    public long Version { get; set; }

    public object? State { get; set; }

    public bool Changed => Version != LoadedVersion;

    public void Load(long version, Func<object?, object?> state)
    {
        (LoadedVersion, Version) = (version, version);
        try
        {
            State = state(State);
        }
        catch (Exception e) when (e is UnreadableEventException or JsonException)
        {
            unreadable = e;
        }
    }

    public void ThrowIfUnreadable()
    {
        if (unreadable is not null) throw new UnreadableEventException($"stream {StreamId} cannot be read: {unreadable.Message}", unreadable);
    }
}

static class Json
{
    // What reaches a client or the canonical form is written elsewhere; this escapes only what JSON demands.
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    static ArrayBufferWriter<byte>? buffer;

    [ThreadStatic]
    static Utf8JsonWriter? writer;

    public static byte[] Write(object body, EventType type)
    {
        buffer ??= new ArrayBufferWriter<byte>(1024);
        writer ??= new Utf8JsonWriter(buffer, Options);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        type.Write(body, writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static byte[] Headers(EventMetadata metadata)
    {
        var text = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(text, Options))
        {
            json.WriteStartObject();
            json.WriteString("actor_class", metadata.ActorClass);
            if (metadata.Caller is { } caller) json.WriteString("caller", caller);
            if (metadata.TraceParent is { } trace) json.WriteString("traceparent", trace);
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
    }
}
