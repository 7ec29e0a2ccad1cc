namespace Stet.Cedar;

/// <summary>
/// What a reader of JSON expects in a place. It lets the wrappers of entities and extension values be left out; it does
/// not check: a value of another form is read as if nothing were expected.
/// </summary>
public interface IValueShape
{
    /// <summary>The kind expected; null when any may come.</summary>
    ValueKind? Kind { get; }

    /// <summary>The type that an entity should have; null when any may come.</summary>
    string? EntityType => null;

    /// <summary>What the elements of a set should be; null when any may come.</summary>
    IValueShape? Element { get; }

    /// <summary>What a key of a record should hold; null when any value may.</summary>
    IValueShape? Attribute(string name);
}

/// <summary>What a reader of entity JSON expects of entities, by their type.</summary>
public interface IEntityShapes
{
    /// <summary>The record of attributes that entities of a type should have; null when any will do.</summary>
    IValueShape? Attributes(string entityType);

    /// <summary>What a tag of entities of a type should hold; null when any value may.</summary>
    IValueShape? Tag(string entityType);
}
