namespace Stet.Client;

/// <summary>The address of a service, which may lie below a path.</summary>
static class ServiceAddress
{
    /// <summary>What lies at a relative path below an address; without a slash at its end, its last segment would go.</summary>
    public static Uri Below(Uri service, string path) =>
        new(service.AbsoluteUri.EndsWith('/') ? service : new Uri(service.AbsoluteUri + "/"), path);
}
