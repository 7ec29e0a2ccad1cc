using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Stet.Audit.Witnesses;

/// <summary>What monitoring is told of the witnesses.</summary>
public sealed class WitnessMetrics
{
    readonly Counter<long> failures;
    readonly ConcurrentDictionary<string, long> cosignedAt = new(StringComparer.Ordinal);
    readonly TimeProvider clock;

    /// <param name="meters">Makes the meter <c>Stet</c>.</param>
    /// <param name="witnesses">Whose ages are told; before a first cosignature, they count from now.</param>
    /// <param name="clock">The service's clock.</param>
    public WitnessMetrics(IMeterFactory meters, ConfiguredWitnesses witnesses, TimeProvider clock)
    {
        this.clock = clock;
        foreach (var witness in witnesses.All) cosignedAt[witness.Name] = clock.GetTimestamp();

        var meter = meters.Create("Stet");
        failures = meter.CreateCounter<long>(
            "stet.audit.witness.failures", "{request}", "Requests to witnesses that brought no cosignature, by code.");
        meter.CreateObservableGauge(
            "stet.audit.witness.age", Ages, "s", "Since a witness last cosigned any log.");
    }

    /// <summary>A witness cosigned.</summary>
    public void Cosigned(string witness) => cosignedAt[witness] = clock.GetTimestamp();

    /// <summary>Begins series at zero, once telemetry listens: one that begins with its first count hides that one from whoever watches how it grows.</summary>
    public void Begin()
    {
        foreach (var witness in cosignedAt.Keys)
            foreach (var code in (string[])["409", "422"]) Count(witness, code, 0);
    }

    /// <summary>A witness did not cosign.</summary>
    /// <param name="witness">Its name.</param>
    /// <param name="code">An HTTP status, <c>timeout</c>, <c>unreachable</c>, <c>bad_answer</c> or <c>bad_proof</c>.</param>
    public void Failed(string witness, string code) => Count(witness, code, 1);

    void Count(string witness, string code, long failed) =>
        failures.Add(failed, new("witness", witness), new KeyValuePair<string, object?>("code", code));

    IEnumerable<Measurement<double>> Ages()
    {
        foreach (var (witness, at) in cosignedAt)
            yield return new(clock.GetElapsedTime(at).TotalSeconds, new KeyValuePair<string, object?>("witness", witness));
    }
}
