using System.Diagnostics;

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

    /// <summary>Timestamp.</summary>
    public long Arrived { get; } = Stopwatch.GetTimestamp();

    public bool Abandoned => cancel.IsCancellationRequested;

    public Task<AppendResult[]> Task => completion.Task;

    public void Answer(AppendResult[] results) => completion.TrySetResult(results);

    public void Fail(Exception e) => completion.TrySetException(e);

    public void Cancel() => completion.TrySetCanceled(cancel);
}

/// <summary>
/// The batch in memory: what was loaded, and what the decisions make of it. It grows in rounds, each of which adds
/// requests, loads what is not known yet and decides them.
/// </summary>
/// <param name="catalog">The events.</param>
/// <param name="log">The log that is kept beside them.</param>
/// <param name="before">The batch that is being committed meanwhile, or just was: what it leaves behind is where this one begins.</param>
/// <param name="versions">Of streams of which batches before wanted nothing else.</param>
/// <param name="assumesNew">Whether a mark is taken for new until it is written, which fails where it is not.</param>
sealed class WriteUnit(
    EventCatalog catalog, IAppendLog? log, WriteUnit? before = null, StreamVersions? versions = null, bool assumesNew = false)
{
    readonly Dictionary<string, TenantSlot> tenants = new(StringComparer.Ordinal);
    readonly Dictionary<(string, Guid), StreamSlot> streams = [];
    readonly Dictionary<(string, Guid), FirstAnswer> answers = [];
    readonly HashSet<(string, Guid)> assumed = [];
    readonly List<PendingAppend> requests = [];
    readonly HashSet<string> withReceipts = new(StringComparer.Ordinal);
    readonly List<AppendedEvent> events = [];
    readonly List<(PendingAppend Request, AppendResult[] Results)> outcomes = [];
    readonly List<(PendingAppend Request, Exception Error)> failures = [];
    readonly List<(StreamSlot Slot, long Version, object? State)> undo = [];
    readonly List<TenantSlot> newTenants = [];
    WriteUnit? before = before;
    List<PendingAppend> undecided = [];

    public IReadOnlyList<PendingAppend> Requests => requests;

    public int Commands { get; private set; }

    public long Started { get; } = Stopwatch.GetTimestamp();

    public IReadOnlyCollection<TenantSlot> Tenants => tenants.Values;

    public IReadOnlyCollection<StreamSlot> Streams => streams.Values;

    public IReadOnlyList<AppendedEvent> Events => events;

    public List<NewAnswer> NewAnswers { get; } = [];

    /// <summary>How many rebuilds were in place before the first state was loaded, of this batch or of those that it goes on from.</summary>
    public long? Rebuilds { get; set; } = before?.Rebuilds;

    /// <summary>Whether it was not decided on one snapshot alone: no answer is good before the heads are compared.</summary>
    public bool IsTentative { get; private set; }

    /// <summary>Whether another batch can only be decided when this one is durable.</summary>
    public bool HoldsUpNext => tenants.Values.Any(t => t.Changed && t.Log is { HoldsUpNext: true });

    /// <summary>What this round has to load.</summary>
    public List<TenantSlot> TenantsToLoad { get; } = [];

    /// <inheritdoc cref="TenantsToLoad" />
    public List<StreamSlot> StreamsToLoad { get; } = [];

    /// <inheritdoc cref="TenantsToLoad" />
    public HashSet<(string TenantId, Guid Id)> MarksToLoad { get; } = [];

    /// <summary>Whether requests wait for what is to be loaded.</summary>
    public bool IsUndecided => undecided.Count > 0;

    /// <summary>Takes a request into the round; false when it needs a state of which only the version was loaded before.</summary>
    public bool TryAdd(PendingAppend request)
    {
        foreach (var command in request.Commands)
        {
            var key = (request.TenantId, command.StreamId);
            var known = streams.GetValueOrDefault(key) ?? before?.streams.GetValueOrDefault(key);
            if (known is { Type.IsStateless: true } && !command.State.IsStateless && !StreamsToLoad.Contains(known)) return false;
        }

        IsTentative |= before is not null;
        requests.Add(request);
        undecided.Add(request);
        if (request.Receipt) withReceipts.Add(request.TenantId);
        Commands += request.Commands.Count;
        if (!tenants.ContainsKey(request.TenantId))
        {
            var tenant = new TenantSlot(request.TenantId);
            tenants.Add(request.TenantId, tenant);
            newTenants.Add(tenant);
            if (Uncommitted(tenant.Id) is not { } uncommitted) TenantsToLoad.Add(tenant);
            else tenant.Versions = versions?.Of(uncommitted);
        }

        foreach (var command in request.Commands)
        {
            AddStream((request.TenantId, command.StreamId), command.State);
            foreach (var mark in command.Marks) AddMark((request.TenantId, mark.Id));
        }

        return true;
    }

    /// <summary>Lets the append log fetch what it needs of the round's tenants.</summary>
    public async ValueTask PrepareAsync(DateTimeOffset now, CancellationToken cancel)
    {
        if (log is not null && newTenants.Count > 0) await log.PrepareAsync([.. newTenants.Select(t => t.Id)], cancel);
        foreach (var tenant in newTenants)
        {
            if (Uncommitted(tenant.Id) is { } known) tenant.Follow(known, now, log);
        }

        newTenants.Clear();
    }

    public void Load(string tenantId, long position, DateTimeOffset lastAt, byte[] edge, DateTimeOffset now) =>
        tenants[tenantId].Load(position, lastAt, edge, now, log);

    public void Load(string tenantId, Guid markId, byte[] payloadHash, long position, int count) =>
        answers[(tenantId, markId)] = new FirstAnswer(payloadHash, position, count);

    /// <summary>The round has everything; what it decides on is complete.</summary>
    public void Loaded()
    {
        TenantsToLoad.Clear();
        StreamsToLoad.Clear();
        MarksToLoad.Clear();
    }

    /// <summary>Closes the log's parts; call it once all is decided, and nothing is being committed any more.</summary>
    public void Seal()
    {
        before = null;
        foreach (var tenant in tenants.Values.Where(t => t.Changed)) tenant.Seal(withReceipts.Contains(tenant.Id));
    }

    /// <summary>
    /// Takes the round's decisions, in the order the requests arrived. One that needs marks which were taken for new is left
    /// undecided, and all that came after it.
    /// </summary>
    public void Decide()
    {
        var round = undecided;
        undecided = [];
        foreach (var request in round)
        {
            if (undecided.Count > 0)
            {
                undecided.Add(request);
                continue;
            }

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
                if (!NeedsMarks(request, results)) outcomes.Add((request, results));
                else
                {
                    if (recorded) UndoRequest();
                    undecided.Add(request);
                }
            }
            catch (Exception e) // whatever one command's code throws is that command's answer and nobody else's
            {
                UndoRequest();
                if (NeedsMarks(request, [])) undecided.Add(request);
                else failures.Add((request, e));
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
                    if (results[i] is not { } result) continue;

                    // A repetition of what this very request recorded goes with it.
                    if (result.Outcome is AppendOutcome.Recorded or AppendOutcome.NothingToRecord
                        || (result.Outcome == AppendOutcome.Repeated && result.Position > position))
                        results[i] = new AppendResult(AppendOutcome.NotRecorded, position, []);
                    else if (result.Position > position)
                        results[i] = result with { Position = position };
                }
            }
        }

        MarksToLoad.UnionWith(undecided.SelectMany(MarksOf).Where(assumed.Remove));
    }

    /// <summary>
    /// Whether an answer depends on marks that were taken for new. What is recorded does not: its marks are written with it,
    /// and are refused where they are not new.
    /// </summary>
    bool NeedsMarks(PendingAppend request, AppendResult[] results)
    {
        for (var i = 0; i < request.Commands.Count; i++)
        {
            if (i < results.Length && results[i].Outcome == AppendOutcome.Recorded) continue;
            foreach (var mark in request.Commands[i].Marks)
            {
                if (assumed.Contains((request.TenantId, mark.Id))) return true;
            }
        }

        return false;
    }

    static IEnumerable<(string TenantId, Guid Id)> MarksOf(PendingAppend request) =>
        request.Commands.SelectMany(command => command.Marks).Select(mark => (request.TenantId, mark.Id));

    /// <summary>Tells the log's parts that they are durable.</summary>
    public void Committed()
    {
        foreach (var tenant in tenants.Values.Where(t => t.Changed)) tenant.Log?.Committed();
    }

    /// <summary>Answers every request; call it once the batch is committed.</summary>
    public void Answer()
    {
        foreach (var (request, results) in outcomes) request.Answer(results);
        foreach (var (request, error) in failures) request.Fail(error);
    }

    TenantSlot? Uncommitted(string tenantId) =>
        before?.tenants.GetValueOrDefault(tenantId) is { Exists: true } known ? known : null;

    void AddStream((string TenantId, Guid StreamId) key, StateType type)
    {
        if (streams.TryGetValue(key, out var known))
        {
            // A command that only holds a stream to a version must not keep the state from one that decides on it.
            if (!known.Type.IsStateless || type.IsStateless) return;
            StreamsToLoad.Remove(known);
        }
        else if (before?.streams.GetValueOrDefault(key) is { } uncommitted)
        {
            streams.Add(key, uncommitted.Next());
            return;
        }
        else if (type.IsStateless && tenants[key.TenantId].Versions is { } versions && versions.TryGetValue(key.StreamId, out var version))
        {
            streams.Add(key, new StreamSlot(key.TenantId, key.StreamId, type, version));
            return;
        }

        StreamsToLoad.Add(streams[key] = new StreamSlot(key.TenantId, key.StreamId, type));
    }

    void AddMark((string TenantId, Guid Id) key)
    {
        if (answers.ContainsKey(key)) return;
        if (before is not null && before.answers.TryGetValue(key, out var uncommitted)) answers.Add(key, uncommitted);
        else if (assumesNew && before is not null) assumed.Add(key);
        else MarksToLoad.Add(key);
    }

    AppendResult Decide(PendingAppend request, TenantSlot tenant, StreamCommand command)
    {
        if (!tenant.Exists) return new AppendResult(AppendOutcome.UnknownTenant, 0, []);

        if (Earlier(tenant, command.Request, AppendOutcome.RequestConflict) is { Outcome: AppendOutcome.RequestConflict } ofAnother) return ofAnother;
        if (Earlier(tenant, command.Idempotency, AppendOutcome.KeyConflict) is { } byKey) return byKey;
        if (Earlier(tenant, command.Once, AppendOutcome.DoneOtherwise) is { } done) return done;

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
            var id = (bodies[i] as IIdentifiedEvent)?.EventId ?? Guid.CreateVersion7(tenant.Now);
            recorded[i] = new StoredEvent(tenant.Id, ++tenant.Position, id, slot.StreamId, ++slot.Version, tenant.Now, bodies[i]);
            slot.State = slot.Type.Fold(slot.State, bodies[i]);
            var type = catalog.TypeOf(bodies[i]);
            var appended = new AppendedEvent(recorded[i], type, Json.Write(bodies[i], type), request.Metadata);
            tenant.Log?.Add(appended);
            events.Add(appended);
        }

        foreach (var mark in command.Marks)
        {
            if (answers.TryAdd((tenant.Id, mark.Id), new FirstAnswer(mark.PayloadHash, recorded[0].Position, recorded.Length)))
                NewAnswers.Add(new NewAnswer(tenant.Id, mark.Id, mark.PayloadHash, recorded[0].Position, recorded.Length));
        }

        return new AppendResult(AppendOutcome.Recorded, tenant.Position, recorded) { Log = request.Receipt ? tenant.Log : null };
    }

    /// <summary>What a mark was given before; null when it is new.</summary>
    AppendResult? Earlier(TenantSlot tenant, IdempotencyMark? mark, AppendOutcome otherwise)
    {
        if (mark is null || !answers.TryGetValue((tenant.Id, mark.Id), out var first)) return null;

        return first.PayloadHash.AsSpan().SequenceEqual(mark.PayloadHash)
            ? new AppendResult(AppendOutcome.Repeated, first.Position + first.Count - 1, EventsOf(tenant, first)) { Count = first.Count }
            : new AppendResult(otherwise, tenant.Position, []);
    }

    /// <summary>The events of a first answer given in this very batch; older ones are read after the commit.</summary>
    StoredEvent[] EventsOf(TenantSlot tenant, FirstAnswer first) =>
        first.Position <= tenant.LoadedPosition
            ? []
            : [.. events.Where(e => e.Event.TenantId == tenant.Id
                && e.Event.Position >= first.Position && e.Event.Position < first.Position + first.Count).Select(e => e.Event)];

    readonly record struct FirstAnswer(byte[] PayloadHash, long Position, int Count);
}
