namespace Stet.EventStore;

/// <summary>
/// The versions of streams of which this writer's batches wanted nothing else. They hold as long as it alone moves a tenant's head: what a
/// batch finds here is as good as the head that it goes on from, which is compared before anything is written.
/// </summary>
sealed class StreamVersions
{
    // Some hundred bytes each.
    const int Most = 1 << 16;

    readonly Dictionary<string, Known> tenants = new(StringComparer.Ordinal);
    int versions;

    /// <summary>The versions of a tenant's streams, as a batch found them or as it left them; null when others have written since.</summary>
    public IReadOnlyDictionary<Guid, long>? Of(TenantSlot batch) =>
        tenants.TryGetValue(batch.Id, out var known)
        && (known.IsAt(batch.LoadedPosition, batch.LoadedEdge) || known.IsAt(batch.Position, batch.Edge))
            ? known.Versions
            : null;

    /// <summary>Takes over what a durable batch has made of its streams.</summary>
    public void Keep(WriteUnit unit)
    {
        if (versions + tenants.Count > Most)
        {
            tenants.Clear();
            versions = 0;
        }

        foreach (var tenant in unit.Tenants.Where(t => t.Exists))
        {
            if (!tenants.TryGetValue(tenant.Id, out var known)) tenants.Add(tenant.Id, known = new Known());
            else if (!known.IsAt(tenant.LoadedPosition, tenant.LoadedEdge))
            {
                versions -= known.Versions.Count;
                tenants[tenant.Id] = known = new Known();
            }

            (known.Position, known.Edge) = (tenant.Position, tenant.Edge);
        }

        // Where the state is wanted, too, its version comes with it.
        foreach (var slot in unit.Streams)
        {
            if (!tenants.TryGetValue(slot.TenantId, out var known)) continue;
            if (known.Versions.ContainsKey(slot.StreamId)) known.Versions[slot.StreamId] = slot.Version;
            else if (slot.Type.IsStateless)
            {
                known.Versions.Add(slot.StreamId, slot.Version);
                versions++;
            }
        }
    }

    sealed class Known
    {
        public Dictionary<Guid, long> Versions { get; } = [];

        public long Position { get; set; }

        public byte[] Edge { get; set; } = [];

        public bool IsAt(long position, byte[] edge) => Position == position && Edge.AsSpan().SequenceEqual(edge);
    }
}
