namespace Stet.Cedar;

/// <summary>The declarations of a schema by their full names.</summary>
sealed class Declarations
{
    readonly Dictionary<string, EntityTypeSyntax> entityTypes = new(StringComparer.Ordinal);
    readonly Dictionary<string, CommonTypeSyntax> commonTypes = new(StringComparer.Ordinal);
    readonly Dictionary<EntityUid, ActionSyntax> actions = [];

    public Declarations(SchemaSyntax syntax)
    {
        foreach (var space in syntax.Namespaces)
        {
            var actionType = space.ActionType;
            foreach (var type in space.EntityTypes) entityTypes.TryAdd(space.Qualify(type.Name), type);
            foreach (var type in space.CommonTypes) commonTypes.TryAdd(space.Qualify(type.Name), type);
            foreach (var action in space.Actions) actions.TryAdd(new EntityUid(actionType, action.Name), action);
        }
    }

    public EntityTypeSyntax? EntityType(string fullName) => entityTypes.GetValueOrDefault(fullName);

    public ActionSyntax? Action(EntityUid uid) => actions.GetValueOrDefault(uid);

    /// <summary>A type as it was written; for the name of a common type, whatever that stands for in the end.</summary>
    public TypeSyntax? Resolve(TypeSyntax? type)
    {
        while (type is NamedTypeSyntax { Kind: TypeNameKind.Common } named) type = commonTypes.GetValueOrDefault(named.Name)?.Type;
        return type;
    }
}
