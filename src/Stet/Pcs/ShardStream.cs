namespace Stet.Pcs.Service;

/// <summary>A shard's stream: what is decided about documents goes by their ids, so the stream only grows.</summary>
public sealed record ShardStream
{
    static readonly ShardStream any = new();

    public static ShardStream Create(PcsAccepted _) => any;

    public static ShardStream Create(PcsEscalated _) => any;

    public static ShardStream Create(PcsEquivocated _) => any;

    public static ShardStream Create(PcsEscalationResolved _) => any;
}

/// <summary>The stream of a tenant's refused submissions: it only grows, too.</summary>
public sealed record RefusalStream
{
    static readonly RefusalStream any = new();

    public static RefusalStream Create(PcsRefused _) => any;
}
