using Microsoft.Extensions.Logging;
using Stet.Authentication;
using Stet.Tests.Observability;
using OptionsOf = Microsoft.Extensions.Options.Options;

namespace Stet.Tests.Authentication;

/// <summary>A JWK Set in a file, and a validator that reads it.</summary>
sealed class KeyFile : IDisposable
{
    readonly string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    readonly Jwks jwks;
    readonly LoggerFactory logging;

    public KeyFile(string jwkSet, Ed25519Verify? ed25519 = null, Action<AuthenticationOptions>? configure = null)
    {
        Write(jwkSet);
        jwks = new Jwks(path);
        logging = new LoggerFactory([Logs]);

        var options = Ordinary.Options;
        configure?.Invoke(options);
        Keys = new SigningKeys(
            jwks, OptionsOf.Create(options), ed25519 ?? ((_, _, _) => false), Time, logging.CreateLogger<SigningKeys>());
        Validator = new TokenValidator(Keys, OptionsOf.Create(options), Time);
    }

    public KeyFile(params Issuer[] issuers)
        : this(Issuer.Set(issuers))
    {
    }

    public CapturedLogs Logs { get; } = new();

    public ManualTime Time { get; } = new(Ordinary.Tuesday);

    public SigningKeys Keys { get; }

    public TokenValidator Validator { get; }

    public async Task<TokenValidation> ValidateAsync(string token) => await Validator.ValidateAsync(token, default);

    public async Task<TokenFault> FaultOfAsync(string token) => (await ValidateAsync(token)).Fault;

    public void Write(string jwkSet) => File.WriteAllText(path, jwkSet);

    public void Delete() => File.Delete(path);

    public void Dispose()
    {
        jwks.Dispose();
        logging.Dispose();
        Delete();
    }
}
