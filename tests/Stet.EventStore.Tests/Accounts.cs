using System.Text.Json.Serialization;
using Npgsql;
using static Stet.EventStore.NpgsqlBatchExtensions;

namespace Stet.EventStore.Tests;

// A domain that is just enough for a store: money goes in and out, and never below zero.

public sealed record MoneyDeposited(long Amount);

public sealed record MoneyWithdrawn(long Amount);

/// <summary>Breaks on its way into the database when its text holds U+0000.</summary>
public sealed record NoteTaken(string Text);

public sealed record Account(long Balance)
{
    public static Account Create(MoneyDeposited e) => new(e.Amount);

    public static Account Create(NoteTaken _) => new(0);

    public Account Apply(MoneyDeposited e) => new(Balance + e.Amount);

    public Account Apply(MoneyWithdrawn e) => new(Balance - e.Amount);
}

/// <summary>The same stream, folded from its events each time.</summary>
public sealed record Statement(int Entries)
{
    public static Statement Create(MoneyDeposited _) => new(1);

    public Statement Apply(MoneyDeposited _) => new(Entries + 1);

    public Statement Apply(MoneyWithdrawn _) => new(Entries + 1);
}

/// <summary>What the newest entry of a stream says by itself.</summary>
public sealed record LastEntry(long Amount)
{
    public static LastEntry Create(MoneyDeposited e) => new(e.Amount);

    public static LastEntry Create(MoneyWithdrawn e) => new(-e.Amount);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MoneyDeposited))]
[JsonSerializable(typeof(MoneyWithdrawn))]
[JsonSerializable(typeof(NoteTaken))]
[JsonSerializable(typeof(Account))]
sealed partial class AccountsJson : JsonSerializerContext;

static class Accounts
{
    public static readonly StateType<Account> Account = StateType.Snapshotted("account", "account_state", AccountsJson.Default.Account);

    public static readonly StateType<Statement> Statement = StateType.Folded<Statement>("statement");

    public static readonly StateType<LastEntry> LastEntry = StateType.Latest<LastEntry>("last_entry");

    public static readonly SchemaScript Tables = new("900_accounts.sql", """
        create table stet.account_state (
            tenant_id varchar not null, stream_id uuid not null, version bigint not null, state json not null,
            primary key (tenant_id, stream_id));
        select stet.secure('stet.account_state', 'insert, update');
        create table stet.balances (
            tenant_id varchar not null, stream_id uuid not null, balance bigint not null, events bigint not null,
            primary key (tenant_id, stream_id));
        select stet.secure('stet.balances', 'insert, update');
        """);

    public static EventCatalog Catalog() => new EventCatalog()
        .Add("money_deposited", AccountsJson.Default.MoneyDeposited)
        .Add("money_withdrawn", AccountsJson.Default.MoneyWithdrawn)
        .Add("note_taken", AccountsJson.Default.NoteTaken);

    public static StreamCommand Deposit(Guid account, long amount = 1) =>
        new StreamCommand<Account>(Account, account, (_, _) => [new MoneyDeposited(amount)]);

    /// <summary>Refused when the balance is too low.</summary>
    public static StreamCommand Withdraw(Guid account, long amount) =>
        new StreamCommand<Account>(Account, account, (state, _) => state?.Balance >= amount ? [new MoneyWithdrawn(amount)] : null);

    public static StreamCommand Note(Guid account, string text) =>
        new StreamCommand<Account>(Account, account, (_, _) => [new NoteTaken(text)]);

    public static StreamCommand Throw(Guid account) =>
        new StreamCommand<Account>(Account, account, (_, _) => throw new DivideByZeroException("a bug in a rule"));
}

sealed class BalancesProjection : IInlineProjection
{
    public string Name => "balances";

    public IReadOnlyList<string> Tables => ["balances"];

    public void Project(IReadOnlyList<StoredEvent> events, NpgsqlBatch batch)
    {
        var rows = events
            .GroupBy(e => (e.TenantId, e.StreamId))
            .Select(g => (g.Key.TenantId, g.Key.StreamId, Count: g.LongCount(), Sum: g.Sum(e => e.Data switch
            {
                MoneyDeposited d => d.Amount,
                MoneyWithdrawn w => -w.Amount,
                _ => 0,
            })))
            .ToArray();
        if (rows.Length == 0) return;
        batch.Add("""
            insert into balances as b (tenant_id, stream_id, balance, events)
            select * from unnest($1::varchar[], $2::uuid[], $3::bigint[], $4::bigint[])
            on conflict (tenant_id, stream_id) do update
            set balance = b.balance + excluded.balance, events = b.events + excluded.events
            """, Column(rows, r => r.TenantId), Column(rows, r => r.StreamId), Column(rows, r => r.Sum), Column(rows, r => r.Count));
    }
}
