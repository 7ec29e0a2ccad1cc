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

    /// <summary>The bit of what an entity has to be in, or to be; 0 when that is not one.</summary>
    internal ulong Bit => uid is null ? 0 : Entity.BitOf(uid);

    /// <summary>Whether an entity of the request, of which <paramref name="entity"/> is known, satisfies it.</summary>
    internal bool Matches(EntityUid candidate, Entity? entity)
    {
        if (!HasType(candidate)) return false;
        if (uid is not null) return isEqual ? candidate.Equals(uid) : IsIn(candidate, entity, uid);
        if (groups is null) return true;

        foreach (var group in groups)
            if (IsIn(candidate, entity, group)) return true;

        return false;
    }

    /// <summary>Whether an entity is of the type that is named, if one is.</summary>
    internal bool HasType(EntityUid candidate) => type is null || candidate.Type == type;

    static bool IsIn(EntityUid candidate, Entity? entity, EntityUid group) =>
        candidate.Equals(group) || (entity is not null && entity.IsDescendantOf(group));
}
