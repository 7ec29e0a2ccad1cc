using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace Stet.Cedar;

/// <summary>The evaluation of policies for one request: what they read, and the error of the policy at hand.</summary>
[StructLayout(LayoutKind.Auto)]
struct Evaluation
{
    readonly IEntities entities;
    readonly FrozenDictionary<EntityUid, Entity> actions;
    readonly Entity? principal;
    readonly Entity? action;
    readonly Entity? resource;

    internal readonly Request Request;

    // Attributes of the context that somebody wants to know about; null: nobody does.
    readonly string[]? watched;

    internal Evaluation(
        in Request request, IEntities entities, FrozenDictionary<EntityUid, Entity> actions, string[]? watched = null)
    {
        Request = request;
        this.watched = watched;
        this.entities = entities;
        this.actions = actions;
        principal = Look(request.Principal);
        action = Look(request.Action);
        resource = Look(request.Resource);
        PrincipalBits = Entity.BitOf(request.Principal) | (principal?.Bits ?? 0);
    }

    internal readonly Entity? Principal => principal;

    /// <summary>The bits of what the principal is in, itself included: see <see cref="Entity.BitOf"/>.</summary>
    internal readonly ulong PrincipalBits;

    /// <summary>The bits of the <see cref="SharedTests"/> that turned out true.</summary>
    internal ulong TrueTests { readonly get; private set; }

    /// <summary>The bits of the <see cref="SharedTests"/> that turned out false.</summary>
    internal ulong FalseTests { readonly get; private set; }

    internal readonly Entity? Action => action;

    internal readonly Entity? Resource => resource;

    /// <summary>Whether anything read a watched attribute, or the context whole.</summary>
    internal bool HasReadWatched { get; private set; }

    /// <summary>The context, for whoever reads one attribute of it.</summary>
    internal RecordValue ContextFor(string name)
    {
        if (watched is not null && watched.AsSpan().Contains(name)) HasReadWatched = true;
        return Request.Context;
    }

    /// <summary>The context, for whoever may read anything of it.</summary>
    internal RecordValue WholeContext()
    {
        HasReadWatched = true;
        return Request.Context;
    }

    /// <summary>Why the expression evaluated last has no value.</summary>
    internal EvaluationError? Error { get; set; }

    /// <summary>What is known of an entity; null when nothing is.</summary>
    internal readonly Entity? Find(EntityUid uid)
    {
        if (ReferenceEquals(uid, Request.Principal)) return principal;
        if (ReferenceEquals(uid, Request.Resource)) return resource;
        if (ReferenceEquals(uid, Request.Action)) return action;

        return Look(uid);
    }

    /// <summary>Whether an entity is in another: itself or one of its ancestors.</summary>
    internal readonly bool IsIn(EntityUid uid, EntityUid group) =>
        uid.Equals(group) || (Find(uid) is { } entity && entity.IsDescendantOf(group));

    /// <summary>Notes what came of one of the <see cref="SharedTests"/>. One that fails does so for each of its policies anew.</summary>
    internal void Note(ulong sharedTest, Truth truth)
    {
        if (truth == Truth.True) TrueTests |= sharedTest;
        if (truth == Truth.False) FalseTests |= sharedTest;
    }

    readonly Entity? Look(EntityUid uid) =>
        actions.TryGetValue(uid, out var entity) || entities.TryGet(uid, out entity) ? entity : null;

    internal Value? Fail(EvaluationError error)
    {
        Error = error;
        return null;
    }

    internal Value? FailOverflow(TextSpan where) => Fail(new EvaluationError(EvaluationErrorKind.Overflow, where));

    internal Truth FailType(TextSpan where, ValueKind expected, Value actual)
    {
        Error = new EvaluationError(EvaluationErrorKind.Type, where, expected, actual.Kind);
        return Truth.Error;
    }
}
