using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Stet.Http;

namespace Stet.Policy.AuthZen;

/// <summary>What is searched for.</summary>
enum SearchKind
{
    Subject,
    Resource,
    Action,
}

/// <summary>A search as it was sent.</summary>
/// <param name="Kind">What is searched for.</param>
/// <param name="Question">The question that a result answers; what is searched for is left empty in it.</param>
/// <param name="Query">The query without its page, canonical.</param>
/// <param name="Limit">Results of a page at most; null: as before, or the default.</param>
/// <param name="Token">Where to go on; null for the first page.</param>
sealed record AskedSearch(SearchKind Kind, AskedEvaluation Question, string Query, int? Limit, string? Token)
{
    public const int DefaultLimit = 100;
    public const int LargestLimit = 1_000;

    /// <summary>The kind as paths and events name it.</summary>
    public string Name => Kind switch
    {
        SearchKind.Subject => "subject",
        SearchKind.Resource => "resource",
        _ => "action",
    };

    /// <summary>SHA-256 of what is asked, its first 16 bytes: a token goes on with this search and no other.</summary>
    public UInt128 Digest => BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{Name}\n{Query}")));

    /// <exception cref="BadRequestException">Something is missing or malformed.</exception>
    public static AskedSearch Read(SearchKind kind, JsonElement body)
    {
        var reader = new AskedReader(body, default);
        var (action, actionProperties) = ("", default(JsonElement));
        Require(reader.Party("subject", needsId: kind != SearchKind.Subject, out var subject));
        if (kind != SearchKind.Action) Require(reader.Action(out action, out actionProperties));
        Require(reader.Party("resource", needsId: kind != SearchKind.Resource, out var resource));
        Require(reader.Context(out var context));

        var question = new AskedEvaluation(subject, action, actionProperties, resource, context);
        var (limit, token) = PageOf(body);
        return new AskedSearch(kind, question, Canonical(question), limit, token);
    }

    static void Require(AskedProblem? problem)
    {
        if (problem is { } wrong) throw AuthZenBody.Bad(wrong.Pointer, wrong.Message);
    }

    static (int? Limit, string? Token) PageOf(JsonElement body)
    {
        if (!body.TryGetProperty("page"u8, out var page) || page.ValueKind == JsonValueKind.Null) return default;
        if (page.ValueKind != JsonValueKind.Object) throw AuthZenBody.Bad("/page", "must be an object");

        int? limit = null;
        if (page.TryGetProperty("limit"u8, out var asked) && asked.ValueKind != JsonValueKind.Null)
            limit = asked.ValueKind == JsonValueKind.Number && asked.TryGetInt64(out var number) && number >= 0
                ? (int)Math.Min(number, LargestLimit)
                : throw AuthZenBody.Bad("/page/limit", "must be a whole number, 0 or more");

        if (!page.TryGetProperty("token"u8, out var token) || token.ValueKind == JsonValueKind.Null) return (limit, null);

        // The last page ends with an empty token; sending it back is a mistake of the client's that harms nobody.
        return token.ValueKind == JsonValueKind.String
            ? (limit, token.GetString() is { Length: > 0 } text ? text : null)
            : throw AuthZenBody.Bad("/page/token", "must be a text");
    }

    static string Canonical(in AskedEvaluation question)
    {
        try
        {
            return question.Canonical();
        }
        catch (FieldValueException e)
        {
            throw AuthZenBody.Bad(e.Pointer, e.Message);
        }
    }
}
