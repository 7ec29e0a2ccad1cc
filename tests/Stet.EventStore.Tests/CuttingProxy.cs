using System.Net.Sockets;
using Npgsql;
using Stet.Testing;

namespace Stet.EventStore.Tests;

/// <summary>What the proxy does with the next thing a client says after it was armed.</summary>
enum Cut
{
    /// <summary>Loses it: the server never hears it.</summary>
    Request,

    /// <summary>Passes it on, waits for the server's answer and loses that.</summary>
    Answer,
}

/// <summary>Stands between a store and PostgreSQL and cuts a connection at a chosen moment.</summary>
sealed class CuttingProxy : IAsyncDisposable
{
    readonly Relay relay;
    volatile object? armed;
    int spared;

    public CuttingProxy(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        relay = new Relay(ServerOf(target), Connected);
        (target.Host, target.Port, target.Pooling) = ("127.0.0.1", relay.Port, true);
        ConnectionString = target.ConnectionString;
    }

    public string ConnectionString { get; }

    public int Cuts { get; private set; }

    /// <summary>Called at each cut, before anybody notices it.</summary>
    public Action? OnCut { get; set; }

    /// <param name="cut">What to do.</param>
    /// <param name="after">How many things clients may say before.</param>
    public void Arm(Cut cut, int after = 0) => (spared, armed) = (after, cut);

    /// <summary>Leads new connections to another server.</summary>
    public void Switch(string connectionString) => relay.Switch(ServerOf(new NpgsqlConnectionStringBuilder(connectionString)));

    public ValueTask DisposeAsync() => relay.DisposeAsync();

    static UnixDomainSocketEndPoint ServerOf(NpgsqlConnectionStringBuilder target) =>
        new(Path.Combine(target.Host!, $".s.PGSQL.{target.Port}"));

    Passes Connected()
    {
        var loseAnswer = false;
        return isAnswer =>
        {
            if (isAnswer) return !Volatile.Read(ref loseAnswer);
            if (armed is not Cut cut || Interlocked.Decrement(ref spared) >= 0) return true;

            armed = null;
            Cuts++;
            OnCut?.Invoke();
            Volatile.Write(ref loseAnswer, cut == Cut.Answer);
            return cut == Cut.Answer;
        };
    }
}
