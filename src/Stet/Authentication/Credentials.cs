namespace Stet.Authentication;

/// <summary>Finds out who sends a request.</summary>
interface ICredentials
{
    ValueTask<Identification> IdentifyAsync(HttpContext context);
}

/// <summary>The caller, or the problem that says why there is none and the <c>WWW-Authenticate</c> to send with it.</summary>
readonly record struct Identification(Caller? Caller, Problem? Problem = null, string? Challenge = null);
