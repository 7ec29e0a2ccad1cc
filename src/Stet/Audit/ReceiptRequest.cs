using Stet.EventStore;
using Stet.Http;

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
    /// <exception cref="BadRequestException">The parameter is no flag.</exception>
    public static ReceiptRequest? Of(HttpContext context)
    {
        var flag = new RequestQuery(context.Request.Query).Flag("receipt");
        if (!flag && !context.Request.Headers["Prefer"].Any(header => IsPreferred(header))) return null;

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

    /// <summary>Whether a <c>Prefer</c> header (RFC 7240) asks for a receipt. Its parameters say nothing, an empty value is none.</summary>
    static bool IsPreferred(ReadOnlySpan<char> header)
    {
        while (!header.IsEmpty)
        {
            var end = EndOf(header, ',');
            var preference = header[..end][..EndOf(header[..end], ';')];
            var equals = EndOf(preference, '=');
            if (preference[..equals].Trim().Equals("receipt", StringComparison.OrdinalIgnoreCase)
                && preference[equals..].Trim(" \t=\"").IsEmpty) return true;

            header = header[Math.Min(end + 1, header.Length)..];
        }

        return false;
    }

    /// <summary>Where the separator first stands outside of quotes, else the end.</summary>
    static int EndOf(ReadOnlySpan<char> text, char separator)
    {
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"') isQuoted = !isQuoted;
            else if (isQuoted && text[i] == '\\') i++;
            else if (!isQuoted && text[i] == separator) return i;
        }

        return text.Length;
    }
}
