using System.Net;
using System.Text.Json;

namespace Stet.Client.Api;

/// <summary>The service refused a request, or answered with something that is no answer of it.</summary>
/// <remarks>
/// A service that cannot be reached is an <see cref="HttpRequestException"/>, one that takes longer than
/// <see cref="HttpClient.Timeout"/> a <see cref="TaskCanceledException"/>, as the HTTP client has them.
/// </remarks>
public sealed class StetException : Exception
{
    internal StetException(
        HttpStatusCode status, ProblemDocument problem, TimeSpan? retryAfter, JsonElement document = default, Exception? cause = null)
        : base($"{(int)status} {problem.Code}: {problem.Detail ?? problem.Title}", cause) =>
        (Status, Code, Title, Detail, Errors, TraceId, RetryAfter, Document) =
        (status, problem.Code, problem.Title ?? "", problem.Detail ?? "", problem.Errors ?? [], problem.TraceId, retryAfter, document);

    /// <summary>The answer was no problem document (RFC 9457): something between here and the service gave it.</summary>
    public const string UnexpectedAnswer = "unexpected_answer";

    /// <summary>The status of the last attempt's answer.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>Why, for programs: stable, snake_case, such as <c>supersedes_not_active</c>.</summary>
    public string Code { get; }

    /// <summary>Why, in general.</summary>
    public string Title { get; }

    /// <summary>What was wrong this time, and what to do.</summary>
    public string Detail { get; }

    /// <summary>The members or parameters that were wrong; empty when it is not about any.</summary>
    public IReadOnlyList<MemberError> Errors { get; }

    /// <summary>Names the request in the service's log; null when the answer does not say.</summary>
    public string? TraceId { get; }

    /// <summary>When to try again; null when that does not help or nothing was said.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>The whole problem document, with members of its own; undefined for <see cref="UnexpectedAnswer"/>.</summary>
    public JsonElement Document { get; }
}

/// <summary>One thing that was wrong with a request.</summary>
/// <param name="Pointer">JSON pointer (RFC 6901) into the body, or the name of a parameter or header.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record MemberError(string Pointer, string Message);

/// <summary>What is read of a problem document (RFC 9457).</summary>
sealed record ProblemDocument(
    string Code, string? Title = null, string? Detail = null, IReadOnlyList<MemberError>? Errors = null, string? TraceId = null);
