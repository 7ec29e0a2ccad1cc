using System.Runtime.CompilerServices;

namespace Stet.Cedar;

/// <summary>Makes equal types of one schema one object, given types whose parts have been through it.</summary>
sealed class TypeInterner : IEqualityComparer<CedarType>
{
    readonly Dictionary<CedarType, CedarType> known;

    public TypeInterner() => known = new Dictionary<CedarType, CedarType>(this);

    public CedarType Intern(CedarType type)
    {
        if (known.TryGetValue(type, out var first)) return first;

        known.Add(type, type);
        return type;
    }

    bool IEqualityComparer<CedarType>.Equals(CedarType? left, CedarType? right) => (left, right) switch
    {
        (EntityType one, EntityType other) => one.Name == other.Name,
        (SetType one, SetType other) => ReferenceEquals(one.Element, other.Element),
        (RecordType one, RecordType other) => AreEqual(one, other),
        _ => ReferenceEquals(left, right),
    };

    int IEqualityComparer<CedarType>.GetHashCode(CedarType type)
    {
        switch (type)
        {
            case EntityType entity:
                return string.GetHashCode(entity.Name, StringComparison.Ordinal);
            case SetType set:
                return HashCode.Combine(RuntimeHelpers.GetHashCode(set.Element), 1);
            case RecordType record:
                var hash = new HashCode();
                foreach (var attribute in record.Attributes)
                {
                    hash.Add(attribute.Name);
                    hash.Add(RuntimeHelpers.GetHashCode(attribute.Type));
                }

                return hash.ToHashCode();
            default:
                return RuntimeHelpers.GetHashCode(type);
        }
    }

    static bool AreEqual(RecordType left, RecordType right)
    {
        if (left.Attributes.Length != right.Attributes.Length) return false;

        for (var i = 0; i < left.Attributes.Length; i++)
        {
            var (one, other) = (left.Attributes[i], right.Attributes[i]);
            if (one.Name != other.Name || one.IsRequired != other.IsRequired || !ReferenceEquals(one.Type, other.Type))
                return false;
        }

        return true;
    }
}
