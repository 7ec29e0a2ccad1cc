namespace Stet.Cedar.Tests.Conformance;

/// <summary>What the schemas of the hand-written tests say of the places where wrappers are left out.</summary>
sealed class SandboxShapes : IEntityShapes
{
    static readonly Shape Entity = new(ValueKind.Entity);

    /// <summary>Of the context of every request.</summary>
    internal static IValueShape Context { get; } = new Shape(
        ValueKind.Record, Attributes: new() { ["source_ip"] = new(ValueKind.IpAddress), ["confidence_score"] = new(ValueKind.Decimal) });

    static readonly Shape AttributesOfAll = new(
        ValueKind.Record,
        Attributes: new() { ["account"] = Entity, ["owner"] = Entity, ["admins"] = new(ValueKind.Set, Elements: Entity) });

    public IValueShape? Attributes(string entityType) => AttributesOfAll;

    public IValueShape? Tag(string entityType) => null;

    sealed record Shape(ValueKind? Kind, Shape? Elements = null, Dictionary<string, Shape>? Attributes = null) : IValueShape
    {
        public IValueShape? Element => Elements;

        public IValueShape? Attribute(string name) => Attributes?.GetValueOrDefault(name);
    }
}
