using System.Net;
using Stet.Testing;

namespace Stet.Client.Tests.Api;

/// <summary>Stands between a client and a service, and cuts connections once the service has answered: the answer is lost.</summary>
sealed class LosingProxy : IAsyncDisposable
{
    readonly Relay relay;
    int toLose;
    int lost;

    public LosingProxy(Uri service) => relay = new Relay(new IPEndPoint(IPAddress.Loopback, service.Port), () => Passes);

    public Uri Address => new($"http://127.0.0.1:{relay.Port}");

    /// <summary>Answers lost so far.</summary>
    public int Lost => Volatile.Read(ref lost);

    /// <summary>Loses the next answers.</summary>
    public void Lose(int answers) => Volatile.Write(ref toLose, answers);

    public ValueTask DisposeAsync() => relay.DisposeAsync();

    bool Passes(bool isAnswer)
    {
        if (!isAnswer || Interlocked.Decrement(ref toLose) < 0) return true;

        Interlocked.Increment(ref lost);
        return false;
    }
}
