using Microsoft.OpenApi;

namespace Stet.Http;

/// <summary>A query parameter as it is described; a route reads it by hand, so that a wrong one gets our problem document.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it says.</param>
/// <param name="Required">Whether it must be there.</param>
public sealed record QueryParameter(string Name, string Description, bool Required)
{
    Func<OpenApiSchema> schema = () => OpenApiShapes.Text();

    /// <summary>A text.</summary>
    public static implicit operator QueryParameter((string Name, string Description, bool Required) text) =>
        new(text.Name, text.Description, text.Required);

    /// <summary>A whole number within bounds.</summary>
    public static QueryParameter Number(string name, string description, long least, long most = long.MaxValue, bool required = false) =>
        new(name, description, required) { schema = () => OpenApiShapes.Number(least, most) };

    /// <summary>How many rows a page has at most.</summary>
    public static QueryParameter Limit(int largest, int standard) => new("limit", "Rows of a page at most", Required: false)
    {
        schema = () =>
        {
            var limit = OpenApiShapes.Number(1, largest);
            limit.Default = standard;
            return limit;
        },
    };

    /// <summary>Where a list goes on.</summary>
    public static QueryParameter Cursor { get; } = new("cursor", "`next_cursor` of the page before", Required: false);

    /// <summary>What every write takes.</summary>
    public static QueryParameter Receipt { get; } = Flag("receipt", "true: the same as `Prefer: receipt`.");

    /// <summary>Yes or no.</summary>
    public static QueryParameter Flag(string name, string description) =>
        new(name, description, Required: false) { schema = () => new OpenApiSchema { Type = JsonSchemaType.Boolean } };

    /// <summary>One of a few words.</summary>
    public static QueryParameter OneOf(string name, string description, params string[] words) =>
        new(name, description, Required: false) { schema = () => OpenApiShapes.OneOf(words) };

    /// <summary>At most a hundred texts, separated by commas.</summary>
    public static QueryParameter List(string name, string description) =>
        new(name, description, Required: false) { schema = () => new OpenApiSchema { Type = JsonSchemaType.Array, Items = OpenApiShapes.Text(), MaxItems = 100 } };

    internal OpenApiParameter Describe()
    {
        var described = schema();
        return new OpenApiParameter
        {
            Name = Name,
            In = ParameterLocation.Query,
            Description = Description,
            Required = Required,
            Schema = described,
            Explode = described.Type != JsonSchemaType.Array, // by commas, not by repetition
        };
    }
}
