using System.Globalization;
using System.Text;

namespace Stet.Client.Api;

/// <summary>What applications may hold for true. Takes the scope <c>facts:read</c>.</summary>
public sealed class FactsClient
{
    const string ContextPath = "v1/facts/context";

    readonly Connection connection;

    internal FactsClient(Connection connection) => this.connection = connection;

    /// <summary>The facts about a subject, now or as they stood.</summary>
    /// <param name="query">About whom, for whom, and when.</param>
    /// <param name="known">The last answer to the same question.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<SubjectFacts>> ReadAsync(
        FactsQuery query, Reading<SubjectFacts>? known = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return connection.ReadAsync(query.Target("v1/facts"), connection.Json.SubjectFacts, known, cancel);
    }

    /// <summary>The facts as a block of Markdown, ready for a prompt: the same bytes for as long as they do not change.</summary>
    /// <param name="query">About whom, for whom, and when.</param>
    /// <param name="maxTokens">
    /// At most 100,000, and no less than the frame of the block takes, some 80: facts that do not fit are left out, the newest
    /// last. Null: no bound.
    /// </param>
    /// <param name="known">The last answer to the same question: as long as it is unchanged it costs a 304.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<Reading<PromptContext>> ContextAsync(
        FactsQuery query, int? maxTokens = null, Reading<PromptContext>? known = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return connection.ReadAsync(
            query.Target(ContextPath).With("format", "markdown").With("max_tokens", maxTokens),
            // What is no answer of the service must not become part of a prompt.
            static answer => answer.MediaType == "text/markdown"
                && int.TryParse(answer.Header("Stet-Estimated-Tokens"), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)
                    ? new PromptContext(Encoding.UTF8.GetString(answer.Body), tokens)
                    : throw Connection.Unexpected(answer, "the answer is no context block"),
            known, cancel);
    }

    /// <summary>The same block as JSON.</summary>
    /// <inheritdoc cref="ContextAsync"/>
    public Task<Reading<FactsBlock>> ContextBlockAsync(
        FactsQuery query, int? maxTokens = null, Reading<FactsBlock>? known = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return connection.ReadAsync(
            query.Target(ContextPath).With("format", "json").With("max_tokens", maxTokens), connection.Json.FactsBlock, known, cancel);
    }
}
