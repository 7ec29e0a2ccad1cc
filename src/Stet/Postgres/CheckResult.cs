namespace Stet.Postgres;

/// <summary>How a check came out. A warning does not keep the service from running.</summary>
public enum CheckOutcome
{
    Ok,
    Warning,
    Failure,
}

/// <summary>One thing that was looked at before the service runs.</summary>
/// <param name="Name">What was looked at, in a word or two.</param>
/// <param name="Outcome">How it came out.</param>
/// <param name="Message">What was found and, unless it is well, what to do. Never a secret.</param>
public sealed record CheckResult(string Name, CheckOutcome Outcome, string Message)
{
    public static CheckResult Ok(string name, string message) => new(name, CheckOutcome.Ok, message);

    public static CheckResult Warning(string name, string message) => new(name, CheckOutcome.Warning, message);

    public static CheckResult Failure(string name, string message) => new(name, CheckOutcome.Failure, message);
}
