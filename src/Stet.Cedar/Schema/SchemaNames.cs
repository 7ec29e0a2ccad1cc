namespace Stet.Cedar;

/// <summary>What a schema declares, by full name, and what the names in it stand for.</summary>
sealed class SchemaNames
{
    /// <summary>The types of the language, as the schema language calls them.</summary>
    static readonly Dictionary<string, CedarType> BuiltIns = new(StringComparer.Ordinal)
    {
        ["Bool"] = BoolType.Any,
        ["Long"] = AtomType.Long,
        ["String"] = AtomType.String,
        ["decimal"] = AtomType.Decimal,
        ["ipaddr"] = AtomType.IpAddress,
        ["datetime"] = AtomType.DateTime,
        ["duration"] = AtomType.Duration,
    };

    public HashSet<string> CommonTypes { get; } = new(StringComparer.Ordinal);

    public HashSet<string> EntityTypes { get; } = new(StringComparer.Ordinal);

    public HashSet<EntityUid> Actions { get; } = [];

    /// <summary>Whether a common type would be taken for something else, or for a form of JSON.</summary>
    public static bool IsReserved(string commonType) =>
        commonType is "Bool" or "Boolean" or "Entity" or "Extension" or "Long" or "Record" or "Set" or "String";

    public static CedarType BuiltIn(string name) => BuiltIns[name];

    /// <summary>
    /// What a name stands for in a namespace: looked up there, then among what no namespace encloses, then among the
    /// types of the language. A name with a path is a full name already.
    /// </summary>
    /// <returns>The full name and one of Common, Entity, BuiltIn; null when nothing of that name is declared.</returns>
    public (string Name, TypeNameKind Kind)? Find(string name, TypeNameKind kind, string inNamespace)
    {
        if (kind != TypeNameKind.BuiltIn)
        {
            var isFull = inNamespace.Length == 0 || name.Contains("::", StringComparison.Ordinal);
            var found = (isFull ? null : FindDeclared($"{inNamespace}::{name}", kind)) ?? FindDeclared(name, kind);
            if (found is not null) return found;
        }

        return kind != TypeNameKind.Entity && BuiltIns.ContainsKey(name) ? (name, TypeNameKind.BuiltIn) : null;
    }

    /// <summary>Names that could have been meant where nothing was found.</summary>
    public IEnumerable<string> Candidates(TypeNameKind kind)
    {
        if (kind != TypeNameKind.BuiltIn && kind != TypeNameKind.Entity)
            foreach (var name in CommonTypes) yield return name;

        if (kind is TypeNameKind.Any or TypeNameKind.Entity)
            foreach (var name in EntityTypes) yield return name;

        if (kind != TypeNameKind.Entity)
            foreach (var name in BuiltIns.Keys) yield return name;
    }

    (string Name, TypeNameKind Kind)? FindDeclared(string name, TypeNameKind kind)
    {
        if (kind != TypeNameKind.Entity && CommonTypes.Contains(name)) return (name, TypeNameKind.Common);
        if (kind != TypeNameKind.Common && EntityTypes.Contains(name)) return (name, TypeNameKind.Entity);
        return null;
    }
}
