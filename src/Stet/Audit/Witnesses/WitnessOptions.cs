namespace Stet.Audit.Witnesses;

/// <summary>Which witnesses cosign the checkpoints of all logs: part of section <c>Audit</c> of the configuration.</summary>
public sealed class WitnessOptions
{
    /// <summary>The witnesses.</summary>
    /// <value>Default: none.</value>
    public List<WitnessAddress> Witnesses { get; set; } = [];

    /// <summary>More witnesses: those lines of a policy (C2SP tlog-policy) that name a witness with a URL.</summary>
    /// <value>The text of a policy, or <c>@FILE</c>. Default: none.</value>
    public string? WitnessPolicy { get; set; }
}

/// <summary>A witness, as the configuration names it.</summary>
public sealed class WitnessAddress
{
    /// <summary>How logs and metrics call it.</summary>
    /// <value>Default: the name of its key.</value>
    public string? Name { get; set; }

    /// <summary>Its verifier key, of type cosignature/v1: <c>name+8 hex digits+base64</c>.</summary>
    public string Vkey { get; set; } = "";

    /// <summary>Where it is: <c>/add-checkpoint</c> comes after this.</summary>
    /// <value>An absolute http or https URL.</value>
    public string Url { get; set; } = "";
}
