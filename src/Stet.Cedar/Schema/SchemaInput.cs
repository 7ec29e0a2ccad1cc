using System.Text;

namespace Stet.Cedar;

/// <summary>What is asked of a schema's text before anybody reads it.</summary>
static class SchemaInput
{
    public static Finding? Refuse(string text, CedarLimits limits)
    {
        if (!UnicodeText.IsWellFormed(text))
            return At(FindingCode.Syntax, "The text holds half of a surrogate pair: it has to be valid Unicode.");

        return text.Length > limits.SchemaBytes || Encoding.UTF8.GetByteCount(text) > limits.SchemaBytes
            ? At(FindingCode.Limit, TooLong(limits))
            : null;
    }

    public static string TooLong(CedarLimits limits) =>
        $"A schema may have {limits.SchemaBytes} bytes of UTF-8, and this one has more: make it shorter or raise the limit.";

    public static string TooDeep(CedarLimits limits) =>
        $"Types nest deeper than {limits.Depth} levels here: name a part of it with `type`, make it flatter or raise the limit.";

    public static string TooManyKeys(CedarLimits limits) =>
        $"A record may have {limits.RecordKeys} attributes, and this one has more.";

    static Finding At(FindingCode code, string message) => new(code, Policy: null, default, message);
}
