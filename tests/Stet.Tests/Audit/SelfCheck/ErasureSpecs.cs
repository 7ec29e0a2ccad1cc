using Npgsql;
using Stet.Audit;
using Stet.Audit.SelfCheck;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.Tests.Audit.SelfCheck;

/// <summary>Events whose header names the key of a person: position 5 of 20, whose log says that the key `k1` was destroyed.</summary>
public sealed class ErasureSpecs(ErasureSpecs.ErasedLog log) : IClassFixture<ErasureSpecs.ErasedLog>
{
    const string UnderErasedKey = "headers = headers || '{\"salt_key\": \"k1\"}'";

    [Fact]
    public async Task A_destroyed_key_with_an_event_that_says_so_is_erased_and_no_finding() =>
        (await log.SweepAsync(Change.Event(5, UnderErasedKey))).ShouldBe((1, ""));

    [Fact]
    public async Task A_destroyed_key_that_no_event_speaks_of_is_a_missing_salt() =>
        (await log.SweepAsync(Change.Event(5, "headers = headers || '{\"salt_key\": \"k2\"}'"))).ShouldBe((0, "Missing 5 Salt"));

    [Fact]
    public async Task An_erased_event_is_still_held_against_its_leaf() =>
        (await log.SweepAsync(Change.Event(5, UnderErasedKey), Change.Time(5))).ShouldBe((0, "Missing 5 Salt; Altered 5 Envelope, Commit"));

    [Fact]
    public async Task An_erased_event_whose_leaf_is_gone_is_missing() =>
        (await log.SweepAsync(Change.Event(5, UnderErasedKey), Change.NoLeaf(5))).ShouldBe((0, "Missing 5 Salt, Leaf"));

    [Fact]
    public async Task An_event_under_a_key_that_is_there_is_held_against_its_commitment()
    {
        (await log.SweepAsync(withKey: true, Change.Event(5, UnderErasedKey))).ShouldBe((0, ""));
        (await log.SweepAsync(withKey: true, Change.Event(5, UnderErasedKey), Change.Data(5))).ShouldBe((0, "Altered 5 Data"));
    }

    public sealed class ErasedLog : IAsyncLifetime
    {
        NotesLog notes = null!;
        string tenantId = "";

        public async Task InitializeAsync()
        {
            notes = await NotesLog.CreateAsync();
            tenantId = await notes.NewTenantAsync(19);
            await notes.EraseAsync(tenantId, "k1");
        }

        public async Task DisposeAsync() => await notes.DisposeAsync();

        public Task<(long Erased, string Found)> SweepAsync(params IEnumerable<string> changes) => SweepAsync(withKey: false, changes);

        public async Task<(long Erased, string Found)> SweepAsync(bool withKey, params IEnumerable<string> changes)
        {
            await using var connection = await notes.Database.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await NotesLog.ChangeAsync(connection, tenantId, changes);
            if (withKey) await AddSubjectKeyAsync(connection);

            using var sweep = await TenantSweep.BeginAsync(connection, notes.Installation, tenantId, 256, _ => null, CancellationToken.None);
            var found = await sweep.NextAsync(connection, CancellationToken.None);
            return (sweep.Erased, string.Join("; ", found.Select(f => $"{f.State} {f.Position} {f.Parts}")));
        }

        /// <summary>Keeps the log's own secret as the key of the person, so that the commitment stays what it is.</summary>
        async Task AddSubjectKeyAsync(NpgsqlConnection connection)
        {
            await using var read = new NpgsqlCommand("select key_id, wrapped from stet.audit_key where tenant_id = $1 and kind = 'salt'", connection);
            read.Parameters.Add(Scalar(tenantId));
            byte[] secret;
            await using (var row = await read.ExecuteReaderAsync())
            {
                await row.ReadAsync();
                secret = notes.Installation.Unwrap(
                    notes.Installation.CurrentId, row.GetFieldValue<byte[]>(1), new WrappedKeyName(tenantId, "salt", row.GetString(0)));
            }

            await using var add = new NpgsqlBatch(connection);
            add.Add("""
                insert into stet.audit_key (tenant_id, kind, key_id, epoch, wrapped, kek_id, from_position)
                values ($1, 'subject', 'k1', 1, $2, $3, 0)
                """, Scalar(tenantId), Scalar(notes.Installation.Wrap(secret, new WrappedKeyName(tenantId, "subject", "k1"))),
                Scalar(notes.Installation.CurrentId));
            await add.ExecuteNonQueryAsync();
        }
    }
}
