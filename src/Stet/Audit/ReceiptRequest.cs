using Stet.EventStore;

namespace Stet.Audit;

/// <summary>A client wants proof that what it wrote is in the audit log: <c>Prefer: receipt</c> or <c>?receipt=true</c>.</summary>
public sealed class ReceiptRequest
{
    readonly Lock gate = new();
    readonly List<AppendResult> results = [];

    /// <summary>The tenant whose events they are; null while nothing was recorded.</summary>
    public string? TenantId { get; private set; }

    /// <summary>The commands that recorded events, now or the first time they were sent, in log order.</summary>
    public IReadOnlyList<AppendResult> Results
    {
        get
        {
            lock (gate) return [.. results.OrderBy(r => r.Position)];
        }
    }

    /// <summary>What the request asks for; null when it wants no receipt.</summary>
    public static ReceiptRequest? Of(HttpContext context)
    {
        var wanted = context.Request.Headers["Prefer"].Any(p => p!.Split(',').Any(t => t.Trim().Equals("receipt", StringComparison.OrdinalIgnoreCase)))
            || context.Request.Query["receipt"] == "true";
        if (!wanted) return null;

        var request = new ReceiptRequest();
        context.Features.Set(request);
        return request;
    }

    /// <summary>Notes what a command recorded.</summary>
    public void Add(string tenantId, AppendResult result)
    {
        if (result.Events.Count == 0) return;
        lock (gate)
        {
            TenantId = tenantId;
            results.Add(result);
        }
    }
}
