using System.Reflection;
using Stet.Audit;
using Stet.Authentication;
using Stet.EventStore;

namespace Stet.Http;

/// <summary>Who sends a command, what is stored beside its events, and the key that makes it safe to repeat.</summary>
/// <param name="Caller">The verified caller.</param>
/// <param name="Metadata">Stored beside every event.</param>
/// <param name="IdempotencyKey">The <c>Idempotency-Key</c> header; null without one.</param>
/// <param name="Receipt">Collects what a receipt is made of; null when the client wants none.</param>
/// <param name="Cancel">Ends when the client has gone.</param>
public sealed record CommandContext(
    Caller Caller, EventMetadata Metadata, string? IdempotencyKey, ReceiptRequest? Receipt, CancellationToken Cancel)
    : IBindableFromHttpContext<CommandContext>
{
    public static ValueTask<CommandContext?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var caller = context.Features.Get<Caller>()
            ?? throw new InvalidOperationException($"{context.GetEndpoint()?.DisplayName} takes commands and needs a permission");
        var headers = context.Request.Headers;
        return ValueTask.FromResult<CommandContext?>(
            new CommandContext(
                caller, MetadataOf(context, "application", caller.Subject), Header(headers, "Idempotency-Key"), ReceiptRequest.Of(context), context.RequestAborted));
    }

    /// <summary>What is stored beside the events of a request.</summary>
    /// <exception cref="BadRequestException">A header is malformed.</exception>
    internal static EventMetadata MetadataOf(HttpContext context, string actorClass, string? subject) => new(
        actorClass, Header(context.Request.Headers, "X-Correlation-Id"), Header(context.Request.Headers, "X-Causation-Id"),
        Observability.TraceContext.ParentOf(context), subject);

    static string? Header(IHeaderDictionary headers, string name)
    {
        if (!headers.TryGetValue(name, out var values)) return null;
        return values is [{ Length: > 0 and <= 200 } text] && text.All(c => c is > ' ' and < (char)127)
            ? text
            : throw RequestQuery.Bad(name, "must be given once, 1 to 200 visible ASCII characters");
    }
}
