using System.Runtime.InteropServices;

namespace Stet.Cedar;

/// <summary>
/// A compiled scope constraint, which cannot fail. It lies within its policy: most candidates are ruled out by their
/// scope, and with ten thousand of them every object more that has to be looked at shows.
/// </summary>
[StructLayout(LayoutKind.Auto)]
readonly struct ScopeTest
{
    readonly string? type;
    readonly EntityUid? uid;
    readonly EntityUid[]? groups;
    readonly bool isEqual;

    internal ScopeTest(ScopeConstraint constraint, ConstantPool pool)
    {
        switch (constraint)
        {
            case ScopeAny: break;

            case ScopeEqual { Entity.Uid: { } same }:
                uid = pool.Shared(same);
                isEqual = true;
                break;

            case ScopeIn { Entity.Uid: { } group }: uid = pool.Shared(group); break;
            case ScopeIs { In: null } typed: type = pool.Shared(typed.EntityType); break;

            case ScopeIs { In.Uid: { } group } typed:
                type = pool.Shared(typed.EntityType);
                uid = pool.Shared(group);
                break;

            case ScopeInList list:
                groups = new EntityUid[list.Entities.Count];
                for (var i = 0; i < groups.Length; i++) groups[i] = pool.Shared(list.Entities[i]);
                break;

            default: throw new ArgumentException("A template takes no part: fill its slots first.", nameof(constraint));
        }
    }

    /// <summary>Whether an entity of the request, of which <paramref name="entity"/> is known, satisfies it.</summary>
    internal bool Matches(EntityUid candidate, Entity? entity)
    {
        if (type is not null && candidate.Type != type) return false;
        if (uid is not null) return isEqual ? candidate.Equals(uid) : IsIn(candidate, entity, uid);
        if (groups is null) return true;

        foreach (var group in groups)
            if (IsIn(candidate, entity, group)) return true;

        return false;
    }

    static bool IsIn(EntityUid candidate, Entity? entity, EntityUid group) =>
        candidate.Equals(group) || (entity is not null && entity.IsDescendantOf(group));
}
