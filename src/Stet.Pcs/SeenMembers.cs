namespace Stet.Pcs;

/// <summary>
/// Which names an object has had. Both versions' rules are followed at once, since the version may come last: 0.1 folds
/// case, for 1.0 a name in another case is an unknown one.
/// </summary>
struct SeenMembers
{
    Members folded;
    HashSet<string>? others;

    /// <summary>Known members under their own names.</summary>
    public Members Exact { get; private set; }

    /// <summary>Known members under any case.</summary>
    public readonly Members Any => Exact | folded;

    /// <summary>Whether a name occurred that is not exactly a known one.</summary>
    public readonly bool HasOthers => others is not null;

    /// <summary>Whether the very same name occurred twice.</summary>
    public bool IsRepeated { get; private set; }

    /// <summary>Members of whose names two occurred, in whatever case.</summary>
    public Members RepeatedFolded { get; private set; }

    /// <summary>Notes a member under its own name.</summary>
    public void AddExact(Members member)
    {
        if ((Exact & member) != Members.None) IsRepeated = true;
        RepeatedFolded |= folded & member;
        Exact |= member;
    }

    /// <summary>Notes any other name.</summary>
    /// <param name="name">As it was meant, without escapes.</param>
    /// <param name="member">What it folds to; may be none.</param>
    public void AddOther(string name, Members member)
    {
        RepeatedFolded |= Any & member;
        folded |= member;

        others ??= new HashSet<string>(StringComparer.Ordinal);
        if (!others.Add(name)) IsRepeated = true;
    }
}
