using System.CommandLine;
using System.Text;
using Stet.Client.Pcs;
using Stet.Pcs;

namespace Stet.CommandLine;

/// <summary>The options that several verbs of <c>stet agent</c> share. Secrets come from files and the environment.</summary>
static class AgentOptions
{
    public static readonly Option<string?> KeyFile = new("--key-file")
    {
        Description = "File with the shared secret (HS256), without its last line end; or the variable STET_PCS_KEY",
        HelpName = "F",
    };

    public static readonly Option<string?> Ed25519KeyFile = new("--ed25519-key-file")
    {
        Description = "File with a private key of Ed25519: 32 bytes in base64",
        HelpName = "F",
    };

    public static readonly Option<string> ShardId = new("--shard-id")
    {
        Description = "Whose events these are",
        DefaultValueFactory = _ => "test-shard-001",
        HelpName = "NAME",
    };

    public static readonly Option<uint> Seed = new("--seed")
    {
        Description = "Seed of the coherence sampling",
        DefaultValueFactory = _ => 42,
        HelpName = "N",
    };

    public static readonly Option<string> Version = new("--pcs")
    {
        Description = "Version of the document; 1.0 wants --kid and --tenant",
        DefaultValueFactory = _ => PcsVersion.V01.Name(),
    };

    public static readonly Option<string?> Kid = new("--kid")
    {
        Description = "1.0: the key's name at the service",
        HelpName = "NAME",
    };

    public static readonly Option<string?> Tenant = new("--tenant")
    {
        Description = "The tenant: under the signature of 1.0, and as X-Tenant-Id of requests",
        HelpName = "NAME",
    };

    public static readonly Option<int?> ChunkSize = new("--chunk-size")
    {
        Description = "Bytes per leaf of the Merkle tree; 64 for 0.1 and 1024 for 1.0, if not said",
        HelpName = "N",
    };

    public static readonly Option<string> Outbox = new("--outbox")
    {
        Description = "The outbox, a file; F.lock and F.new lie beside it",
        DefaultValueFactory = _ => Path.Combine(".stet-agent", "outbox"),
        HelpName = "F",
    };

    public static readonly Option<string> Url = new("--url")
    {
        Description = "Address of the service, or STET_URL",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("STET_URL") ?? "http://127.0.0.1:8080",
    };

    public static readonly Option<string?> TokenFile = new("--token-file")
    {
        Description = "File with an access token, or STET_TOKEN; without either the signature alone speaks for the tenant",
        HelpName = "F",
    };

    static AgentOptions()
    {
        Version.AcceptOnlyFromAmong(PcsVersion.V01.Name(), PcsVersion.V10.Name());
        Url.Validators.Add(result =>
        {
            if (!Uri.TryCreate(result.GetValue(Url), UriKind.Absolute, out var url) || (url.Scheme is not ("http" or "https")) || url.Query.Length > 0)
                result.AddError("`--url` must be an address such as `https://stet.example`.");
        });
    }

    public static IEnumerable<Option> OfPlan => [KeyFile, Ed25519KeyFile, ShardId, Seed, Version, Kid, Tenant, ChunkSize];

    public static IEnumerable<Option> OfDelivery => [Outbox, Url, TokenFile];

    /// <summary>How epochs become documents.</summary>
    /// <exception cref="AgentException">Something is missing or cannot be used.</exception>
    public static PcsPlan Plan(ParseResult arguments, string? secret = null)
    {
        var key = Key(arguments, secret)
            ?? throw new AgentException("There is no key: name --key-file or --ed25519-key-file, or set STET_PCS_KEY.");
        var plan = new PcsPlan(arguments.GetValue(ShardId)!, key)
        {
            Version = arguments.GetValue(Version) == PcsVersion.V10.Name() ? PcsVersion.V10 : PcsVersion.V01,
            Seed = arguments.GetValue(Seed),
            Kid = arguments.GetValue(Kid) ?? "",
            Tenant = arguments.GetValue(Tenant) ?? "",
        };
        if (arguments.GetValue(ChunkSize) is { } chunkSize) plan = plan with { ChunkSize = chunkSize };
        plan.Check();
        return plan;
    }

    /// <summary>The signing key; null if none is named.</summary>
    /// <exception cref="AgentException">More than one is named, or a file holds none.</exception>
    public static PcsSigningKey? Key(ParseResult arguments, string? secret = null)
    {
        var (file, ed25519File) = (arguments.GetValue(KeyFile), arguments.GetValue(Ed25519KeyFile));
        if (new[] { secret, file, ed25519File }.Count(named => named is not null) > 1)
            throw new AgentException("Several keys are named: one signs.");

        if (ed25519File is not null) return PcsSigningKey.Ed25519(Base64(ed25519File));
        secret ??= file is not null ? WithoutLineEnd(Read(file)) : Environment.GetEnvironmentVariable("STET_PCS_KEY");
        return string.IsNullOrEmpty(secret) && file is null ? null : PcsSigningKey.Hmac(secret!);
    }

    /// <summary>The service, and the client that reaches it, which is the caller's.</summary>
    public static (PcsEndpoint Endpoint, HttpClient Client) Endpoint(ParseResult arguments, TimeProvider clock)
    {
        var headers = new Dictionary<string, string>();
        if (arguments.GetValue(Tenant) is { } tenant) headers["X-Tenant-Id"] = HeaderValue(tenant, "`--tenant`");
        var client = AccessToken(arguments) is { } token ? PcsEndpoint.CreateClient(token, headers) : PcsEndpoint.CreateClient(headers);
        return (new PcsEndpoint(client, new Uri(arguments.GetValue(Url)!), clock), client);
    }

    /// <summary>The outbox's file, which has to be there.</summary>
    public static string ExistingOutbox(ParseResult arguments) => arguments.GetValue(Outbox) is { } path && File.Exists(path)
        ? path
        : throw new AgentException($"There is no outbox `{arguments.GetValue(Outbox)}`: name it with --outbox.");

    static Func<string>? AccessToken(ParseResult arguments)
    {
        if (arguments.GetValue(TokenFile) is { } file) return new RenewedToken(file).Current;
        if (Environment.GetEnvironmentVariable("STET_TOKEN") is not { Length: > 0 } variable) return null;

        var token = HeaderValue(variable, "the access token");
        return () => token;
    }

    static string HeaderValue(string text, string what) => text.All(c => c is > ' ' and <= '~')
        ? text
        : throw new AgentException($"{what} must be visible ASCII characters.");

    static byte[] Base64(string file)
    {
        try
        {
            return Convert.FromBase64String(Read(file).Trim());
        }
        catch (FormatException)
        {
            throw new AgentException($"`{file}` does not hold base64.");
        }
    }

    static string Read(string file)
    {
        try
        {
            return TextFile.Decode(File.ReadAllBytes(file));
        }
        catch (DecoderFallbackException e)
        {
            throw new AgentException($"`{file}` is not UTF-8 text: put the secret in as text, such as base64.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new AgentException($"`{file}` cannot be read: {e.Message}", e);
        }
    }

    static string WithoutLineEnd(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;

    /// <summary>A token in a file that something renews; while that is at it, the last one is used.</summary>
    sealed class RenewedToken(string file)
    {
        volatile string last = TokenIn(file);

        public string Current()
        {
            try
            {
                return last = TokenIn(file);
            }
            catch (AgentException)
            {
                return last;
            }
        }

        static string TokenIn(string file) => WithoutLineEnd(Read(file)) is { Length: > 0 } token
            ? HeaderValue(token, $"The access token in `{file}`")
            : throw new AgentException($"`{file}` holds no access token.");
    }
}
