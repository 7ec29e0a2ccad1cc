namespace Stet.Authentication;

/// <summary>Reads the issuer's JWK Set, at most 1 MiB within 10 seconds, from its URL or file.</summary>
sealed class Jwks(string location) : IDisposable
{
    const int MaxBytes = 1 << 20;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // No redirects: keys come from the configured address and from nowhere it points to.
    readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        MaxResponseContentBufferSize = MaxBytes,
        Timeout = Patience,
    };

    /// <summary>The URL, or null when the location is a path.</summary>
    public static Uri? AddressOf(string location) =>
        location.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(location, UriKind.Absolute, out var address)
            ? address
            : null;

    /// <exception cref="HttpRequestException">The server did not answer with a success, or with too much.</exception>
    /// <exception cref="IOException">The file cannot be read, or is too large.</exception>
    /// <exception cref="OperationCanceledException">It took longer than 10 seconds.</exception>
    public async Task<byte[]> ReadAsync()
    {
        if (AddressOf(location) is { } address)
            return await http.GetByteArrayAsync(address);

        using var patience = new CancellationTokenSource(Patience);
        var file = new FileInfo(location);
        if (file is { Exists: true, Length: > MaxBytes })
            throw new IOException($"{location} is larger than {MaxBytes} bytes");

        return await File.ReadAllBytesAsync(location, patience.Token);
    }

    public void Dispose() => http.Dispose();
}
