namespace Stet.Cedar;

/// <summary>What the scope of a policy asks of principal, action or resource.</summary>
/// <param name="Where">Its place in the policy's text, from the variable on.</param>
public abstract record ScopeConstraint(TextSpan Where)
{
    /// <summary>What is wrong with an entity of another type in the place of an action.</summary>
    internal const string NoAction = "An action has the type `Action`, or that within a namespace: `App::Action::\"read\"`.";

    /// <summary>Whether a slot stands in it.</summary>
    public virtual bool HasSlot => false;

    /// <summary>Whether the other asks the same; <see cref="Where"/> does not matter.</summary>
    public virtual bool Equals(ScopeConstraint? other) =>
        other is not null && EqualityContract == other.EqualityContract;

    /// <inheritdoc/>
    public override int GetHashCode() => EqualityContract.GetHashCode();

    /// <summary>The entities that it names; slots name none.</summary>
    internal virtual IEnumerable<EntityUid> Named => [];

    internal virtual ScopeConstraint Fill(EntityUid? uid) => this;

    /// <summary>Its text with the entity in place of the slot, which is the last that stands there.</summary>
    internal string WithoutSlot(string text, string slot) =>
        text.EndsWith(slot, StringComparison.Ordinal) && Named.FirstOrDefault() is { } uid ? $"{text[..^slot.Length]}{uid}" : text;
}

/// <summary><c>principal</c>: anyone.</summary>
public sealed record ScopeAny(TextSpan Where) : ScopeConstraint(Where);

/// <summary><c>principal == User::"ada"</c></summary>
public sealed record ScopeEqual(EntityReference Entity, TextSpan Where) : ScopeConstraint(Where)
{
    /// <inheritdoc/>
    public override bool HasSlot => Entity.IsSlot;

    internal override IEnumerable<EntityUid> Named => Entity.Uid is { } uid ? [uid] : [];

    internal override ScopeConstraint Fill(EntityUid? uid) =>
        HasSlot ? this with { Entity = new EntityReference(uid) } : this;
}

/// <summary><c>principal in Group::"staff"</c></summary>
public sealed record ScopeIn(EntityReference Entity, TextSpan Where) : ScopeConstraint(Where)
{
    /// <inheritdoc/>
    public override bool HasSlot => Entity.IsSlot;

    internal override IEnumerable<EntityUid> Named => Entity.Uid is { } uid ? [uid] : [];

    internal override ScopeConstraint Fill(EntityUid? uid) =>
        HasSlot ? this with { Entity = new EntityReference(uid) } : this;
}

/// <summary><c>principal is User</c>, or <c>principal is User in Group::"staff"</c>.</summary>
/// <param name="EntityType">Full type path.</param>
/// <param name="In">What it must be in as well; null when nothing is said.</param>
/// <param name="Where">Its place in the policy's text.</param>
public sealed record ScopeIs(string EntityType, EntityReference? In, TextSpan Where) : ScopeConstraint(Where)
{
    /// <inheritdoc/>
    public override bool HasSlot => In is { IsSlot: true };

    internal override IEnumerable<EntityUid> Named => In?.Uid is { } uid ? [uid] : [];

    internal override ScopeConstraint Fill(EntityUid? uid) =>
        HasSlot ? this with { In = new EntityReference(uid) } : this;
}

/// <summary><c>action in [Action::"read", Action::"write"]</c>; an empty list is never satisfied.</summary>
public sealed record ScopeInList(EquatableArray<EntityUid> Entities, TextSpan Where) : ScopeConstraint(Where)
{
    internal override IEnumerable<EntityUid> Named => Entities;
}

/// <summary>An entity named in a scope, or the slot that a link fills.</summary>
/// <param name="Uid">The entity; null for the slot: <c>?principal</c> on principal, <c>?resource</c> on resource.</param>
public readonly record struct EntityReference(EntityUid? Uid)
{
    /// <summary>Whether it waits for a link.</summary>
    public bool IsSlot => Uid is null;
}

/// <summary>Makes a policy of a template: the slots filled, under an id of its own.</summary>
/// <param name="Template">The template.</param>
/// <param name="Id">The policy's id, unique in the set.</param>
/// <param name="Principal">Fills <c>?principal</c>; null exactly when the template has no such slot.</param>
/// <param name="Resource">Fills <c>?resource</c>; null exactly when the template has no such slot.</param>
public sealed record TemplateLink(PolicyId Template, PolicyId Id, EntityUid? Principal, EntityUid? Resource);
