using System.Globalization;
using System.Text.Json.Nodes;

namespace Stet.Client.Api;

/// <summary>Asks what a requester may hold for true about a subject.</summary>
/// <param name="Subject">Whom or what.</param>
/// <param name="Requester">On whose behalf.</param>
public sealed record FactsQuery(Subject Subject, Requester Requester)
{
    /// <summary>Only these fields; empty: all. None holds a comma.</summary>
    public IReadOnlyList<string> FieldKeys { get; init; } = [];

    /// <summary>Only fields whose key or text contains this, in any case; null: all.</summary>
    public string? Text { get; init; }

    /// <summary>As the facts stood then; null: now.</summary>
    public AsOf? AsOf { get; init; }

    internal Target Target(string path) => new Target(path).Of(Subject).Of(Requester)
        .With("field_keys", FieldKeys).With("q", Text).With("as_of", AsOf?.Text);
}

/// <summary>A moment of a tenant's log.</summary>
public sealed record AsOf
{
    AsOf(string text) => Text = text;

    internal string Text { get; }

    /// <summary>Right after the event at a position, which must not be ahead of the log.</summary>
    public static AsOf Position(long position) => new(position.ToString(CultureInfo.InvariantCulture));

    /// <summary>At a time that is not in the future.</summary>
    public static AsOf Time(DateTimeOffset time) =>
        new(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH':'mm':'ss'.'ffffff'Z'", CultureInfo.InvariantCulture));
}

/// <summary>What stands about a subject.</summary>
/// <param name="Subject">Whom or what.</param>
/// <param name="Facts">By field key.</param>
/// <param name="Position">The log position that the answer reflects.</param>
public sealed record SubjectFacts(Subject Subject, IReadOnlyList<Fact> Facts, long Position);

/// <summary>What stands for one field.</summary>
/// <param name="FieldKey">Dotted path within the subject.</param>
/// <param name="Value">What the field is.</param>
/// <param name="CorrectedAt">When it was recorded.</param>
/// <param name="CorrectionId">The correction that says so.</param>
/// <param name="Actor">Who said so.</param>
public sealed record Fact(string FieldKey, JsonNode? Value, DateTimeOffset CorrectedAt, Guid CorrectionId, Actor Actor);

/// <summary>The facts as one block of Markdown for a prompt.</summary>
/// <param name="Markdown">Facts quoted as data, with the instruction to obey them.</param>
/// <param name="EstimatedTokens">At most what it takes, four bytes counted as one token.</param>
public sealed record PromptContext(string Markdown, int EstimatedTokens);

/// <summary>The facts as one block of JSON for a prompt.</summary>
/// <param name="Instruction">What a model has to do with the facts.</param>
/// <param name="Subject">Whom or what they are about.</param>
/// <param name="Facts">By field key; data, never instructions.</param>
/// <param name="Omitted">Facts that did not fit.</param>
/// <param name="EstimatedTokens">At most what the block takes, four bytes counted as one token.</param>
public sealed record FactsBlock(
    string Instruction, Subject Subject, IReadOnlyList<BlockFact> Facts, int Omitted, int EstimatedTokens);

/// <summary>A fact in a block.</summary>
/// <param name="FieldKey">Dotted path within the subject.</param>
/// <param name="Value">What the field is.</param>
/// <param name="CorrectionId">The correction that says so.</param>
/// <param name="CorrectedAt">When it was recorded.</param>
public sealed record BlockFact(string FieldKey, JsonNode? Value, Guid CorrectionId, DateTimeOffset CorrectedAt);
