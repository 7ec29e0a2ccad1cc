using System.Text;

namespace Stet.Cedar;

/// <summary>
/// Lays out policies in one way, 100 columns wide: what is formatted once stays as it is. Comments are kept, all of them:
/// before a policy as they stand, with blank lines; behind its semicolon on the same line; and those within an annotation,
/// a scope or a condition on lines of their own above it.
/// </summary>
public static class PolicyFormatter
{
    /// <summary>Lays out a text of policies.</summary>
    /// <param name="text">Any number of policies and templates.</param>
    /// <param name="limits">How large they may be.</param>
    /// <returns>The text, or the findings that prevent it. No text causes an exception.</returns>
    public static Outcome<string> Format(string text, CedarLimits limits)
    {
        var parser = new PolicyParser(text, limits);
        var (policies, findings) = (new List<Policy>(), new List<Finding>());
        parser.ParseAll(position => new PolicyId($"policy{position}"), policies, findings);

        return findings.Count > 0
            ? new(null, [.. findings])
            : new(new CommentedPrinter(text, parser.Comments).Print(policies), []);
    }

    /// <summary>A policy or template as text, without the comments of its source.</summary>
    public static string Format(Policy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new CommentedPrinter("", []).Print([policy]);
    }
}

/// <summary>Writes policies, and each comment above what it was written for.</summary>
sealed class CommentedPrinter(string source, List<TextSpan> comments)
{
    readonly StringBuilder text = new();
    int next;

    internal string Print(List<Policy> policies)
    {
        foreach (var policy in policies)
        {
            if (text.Length > 0) text.Append('\n');
            WriteLeading(policy.Source.Where.Start);
            Write(policy);
            WriteTrailing(policy.Source.Where.End);
        }

        if (next < comments.Count && text.Length > 0) text.Append('\n');
        WriteLeading(source.Length);
        return text.ToString();
    }

    void Write(Policy policy)
    {
        var printer = new PolicyPrinter(text);

        foreach (var annotation in policy.Annotations)
        {
            WriteAbove(annotation.Where.End);
            printer.WriteAnnotation(annotation);
            text.Append('\n');
        }

        WriteAbove(policy.Resource.Where.End);
        printer.WriteHead(policy);

        foreach (var condition in policy.Conditions)
        {
            text.Append('\n');
            WriteAbove(condition.Where.End);
            printer.WriteCondition(condition);
        }

        text.Append(';');
    }

    /// <summary>Writes the comments that begin before a place, each on a line.</summary>
    void WriteAbove(int end)
    {
        while (next < comments.Count && comments[next].Start < end) text.Append(Comment(comments[next++])).Append('\n');
    }

    /// <summary>The same, and keeps one blank line where there are some.</summary>
    void WriteLeading(int end)
    {
        while (next < comments.Count && comments[next].Start < end)
        {
            var comment = comments[next++];
            var following = next < comments.Count && comments[next].Start < end ? comments[next].Start : end;
            text.Append(Comment(comment)).Append('\n');
            if (following < source.Length && source.AsSpan(comment.End, following - comment.End).Count('\n') > 1)
                text.Append('\n');
        }
    }

    /// <summary>Writes the first comment that is left of a policy, or stands on its last line, behind the semicolon.</summary>
    void WriteTrailing(int end)
    {
        if (next < comments.Count
            && (comments[next].Start < end || !source.AsSpan(end..comments[next].Start).Contains('\n')))
            text.Append(' ').Append(Comment(comments[next++]));

        text.Append('\n');
    }

    ReadOnlySpan<char> Comment(TextSpan where) => source.AsSpan(where.Start, where.Length).TrimEnd();
}
