namespace Stet.Cedar;

/// <summary>A compiled scope constraint. It cannot fail.</summary>
abstract class ScopeTest
{
    /// <summary>Whether an entity of the request, of which <paramref name="entity"/> is known, satisfies it.</summary>
    internal abstract bool Matches(EntityUid uid, Entity? entity);

    /// <summary>Null for a constraint that everything satisfies.</summary>
    internal static ScopeTest? Compile(ScopeConstraint constraint) => constraint switch
    {
        ScopeAny => null,
        ScopeEqual { Entity.Uid: { } uid } => new EqualTest(uid),
        ScopeIn { Entity.Uid: { } group } => new InTest(group),
        ScopeIs { In: null } typed => new IsTest(typed.EntityType, null),
        ScopeIs { In.Uid: { } group } typed => new IsTest(typed.EntityType, new InTest(group)),
        ScopeInList list => new InListTest([.. list.Entities.Items]),
        _ => throw new ArgumentException("A template takes no part: fill its slots first.", nameof(constraint)),
    };

    sealed class EqualTest(EntityUid same) : ScopeTest
    {
        internal override bool Matches(EntityUid uid, Entity? entity) => uid.Equals(same);
    }

    sealed class InTest(EntityUid group) : ScopeTest
    {
        internal override bool Matches(EntityUid uid, Entity? entity) =>
            uid.Equals(group) || (entity is not null && entity.IsDescendantOf(group));
    }

    sealed class IsTest(string type, InTest? group) : ScopeTest
    {
        internal override bool Matches(EntityUid uid, Entity? entity) =>
            uid.Type == type && (group is null || group.Matches(uid, entity));
    }

    sealed class InListTest(EntityUid[] groups) : ScopeTest
    {
        internal override bool Matches(EntityUid uid, Entity? entity)
        {
            foreach (var group in groups)
                if (uid.Equals(group) || (entity is not null && entity.IsDescendantOf(group))) return true;

            return false;
        }
    }
}
