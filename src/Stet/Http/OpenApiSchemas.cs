using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Stet.Http;

public static partial class OpenApi
{
    /// <summary>Types with a converter of their own, which the framework knows nothing about.</summary>
    static Task DescribeSchema(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var orNull = type == context.JsonTypeInfo.Type ? default : JsonSchemaType.Null;

        if (type == typeof(DateTimeOffset)) (schema.Type, schema.Format) = (JsonSchemaType.String | orNull, "date-time");
        else if (type == typeof(Corrections.CorrectionId)) (schema.Type, schema.Format) = (JsonSchemaType.String | orNull, "uuid");
        else if (type == typeof(StringSet))
        {
            orNull = context.JsonPropertyInfo is { IsSetNullable: true } ? JsonSchemaType.Null : default;
            (schema.Type, schema.Items) = (JsonSchemaType.Array | orNull, OpenApiShapes.Text());
        }
        else if (type == typeof(FieldValue)) schema.Description ??= "Any JSON value, at most 16 KiB.";
        else if (type.IsEnum)
        {
            // Capitals, unless the type says otherwise.
            var isSmall = type.GetCustomAttribute<JsonConverterAttribute>()?.ConverterType?.GetGenericTypeDefinition() == typeof(SnakeCaseConverter<>);
            var spelling = isSmall ? JsonNamingPolicy.SnakeCaseLower : JsonNamingPolicy.SnakeCaseUpper;
            schema.Type = JsonSchemaType.String | orNull;
            schema.Enum = [.. Enum.GetNames(type).Select(n => (JsonNode)spelling.ConvertName(n))];
        }

        if (context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(AllowedValuesAttribute), inherit: false) is [AllowedValuesAttribute words])
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. words.Values.Select(word => (JsonNode)(string)word!)];
        }

        return Task.CompletedTask;
    }

    /// <summary>Descriptions come from code, which spells its members otherwise.</summary>
    static void UseTheNamesOfMembers(OpenApiSchema schema)
    {
        if (schema.Properties is not { } members) return;
        foreach (var member in members.Values)
        {
            if (member.Description is not { } text) continue;
            member.Description = Compound().Replace(text, word =>
                JsonNamingPolicy.SnakeCaseLower.ConvertName(word.Value) is var name && members.ContainsKey(name) ? name : word.Value);
        }
    }

    static IEnumerable<OpenApiSchema> BodiesOf(OpenApiDocument document) =>
        document.Paths.Values.SelectMany(p => p.Operations ?? [])
            .SelectMany(o => o.Value.RequestBody?.Content?.Values ?? [])
            .Select(c => (c.Schema as OpenApiSchemaReference)?.Reference.Id).OfType<string>().Distinct()
            .Select(id => document.Components!.Schemas![id]).OfType<OpenApiSchema>();

    /// <summary>Members of a body are null in code when they are missing; those that have to be there have no default value.</summary>
    static void RequireValues(OpenApiSchema body)
    {
        if (body.Properties is not { } members || body.Required is not { } required) return;
        foreach (var name in required)
        {
            if (members[name] is not OpenApiSchema member) continue;
            if (member.OneOf is [{ Type: JsonSchemaType.Null }, var value]) members[name] = value;
            else if (member.Type is { } type) member.Type = type & ~JsonSchemaType.Null;
        }
    }

    /// <summary>Writes add these members to their answers, whatever those are.</summary>
    static void DescribeReceipts(OpenApiDocument document)
    {
        var schemas = document.Components!.Schemas!;
        schemas["AuditReceipt"] = Require(OpenApiShapes.Object(
            ("position", OpenApiShapes.Number(1), "Of the event in the log."),
            ("leaf_hash", OpenApiShapes.Text(), "Base64 of 32 bytes."),
            ("entry", OpenApiShapes.Text(), "What the leaf is the hash of: canonical JSON."),
            ("salt", OpenApiShapes.Text(), "Base64 of 32 bytes."),
            ("data", new OpenApiSchema(), "The event as it is stored."),
            ("tlog_proof", OpenApiShapes.Text(), "Proof file with signed checkpoint (C2SP tlog-proof).")));
        schemas["AuditReceipt"].Description = "A proof that an event is in the audit log, to be checked offline with the log's key.";

        var answers = document.Paths.Values.SelectMany(p => p.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>())
            .Where(o => o.Parameters?.Any(p => p.Name == Prefer) == true)
            .SelectMany(o => o.Responses ?? []).Where(r => r.Key[0] == '2')
            .SelectMany(r => r.Value.Content ?? new Dictionary<string, OpenApiMediaType>()).Where(c => c.Key == "application/json")
            .SelectMany(c => NamesOf(c.Value.Schema)).Distinct();
        foreach (var answer in answers.Select(id => schemas[id]).OfType<OpenApiSchema>())
        {
            answer.Properties!["receipts"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array | JsonSchemaType.Null,
                Items = new OpenApiSchemaReference("AuditReceipt", document),
                Description = "In the answer to a write that asked for them (`Prefer: receipt`): one for each event; null: see `receipt_error`.",
            };
            answer.Properties["receipt_error"] = OpenApiShapes.Text();
            answer.Properties["receipt_error"].Description = "Code of the problem for which there are no receipts; what was asked for is done all the same.";
        }
    }

    static IEnumerable<string> NamesOf(IOpenApiSchema? schema) => schema switch
    {
        OpenApiSchemaReference { Reference.Id: { } id } => [id],
        OpenApiSchema { OneOf: { } either } => either.SelectMany(NamesOf),
        _ => [],
    };

    static OpenApiSchema Require(OpenApiSchema schema, params string[] names)
    {
        schema.Required = (names.Length > 0 ? names : schema.Properties!.Keys.AsEnumerable()).ToHashSet();
        return schema;
    }

    [GeneratedRegex(@"\b(?:[A-Z][a-z]+){2,}\b", RegexOptions.None, 1000)]
    private static partial Regex Compound();
}

/// <summary>Shapes of which descriptions are made.</summary>
static class OpenApiShapes
{
    public static OpenApiSchema Text(string? format = null) => new() { Type = JsonSchemaType.String, Format = format };

    public static OpenApiSchema Pattern(string pattern) => new() { Type = JsonSchemaType.String, Pattern = pattern };

    public static OpenApiSchema OneOf(params IEnumerable<string> words) =>
        new() { Type = JsonSchemaType.String, Enum = [.. words.Select(w => (JsonNode)w)] };

    public static OpenApiSchema Number(long least, long most = long.MaxValue) => new()
    {
        Type = JsonSchemaType.Integer,
        Format = "int64",
        Minimum = least.ToString(CultureInfo.InvariantCulture),
        Maximum = most == long.MaxValue ? null : most.ToString(CultureInfo.InvariantCulture),
    };

    public static OpenApiSchema Object(params (string Name, IOpenApiSchema Schema, string? Description)[] members)
    {
        foreach (var (_, schema, description) in members) schema.Description = description;
        return new OpenApiSchema { Type = JsonSchemaType.Object, Properties = members.ToDictionary(m => m.Name, m => m.Schema) };
    }

    public static OpenApiSchema List(IOpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };
}
