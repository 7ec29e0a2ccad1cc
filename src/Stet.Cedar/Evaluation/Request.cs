namespace Stet.Cedar;

/// <summary>A question: may the principal do this to the resource, under these circumstances?</summary>
public readonly record struct Request(EntityUid Principal, EntityUid Action, EntityUid Resource, RecordValue Context);
