using Microsoft.Extensions.Options;

namespace Stet.Authentication;

/// <summary>Callers by the access token in the <c>Authorization</c> header (RFC 6750, section 2.1), and only there.</summary>
sealed class BearerTokens(TokenValidator tokens, IOptions<AuthenticationOptions> options, ILogger<BearerTokens> logger)
    : ICredentials
{
    const string Scheme = "Bearer ";
    const string NoToken = "Bearer realm=\"stet\"";
    const string InvalidToken = "Bearer error=\"invalid_token\"";

    public ValueTask<Identification> IdentifyAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization is not [{ } header]
            || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return ValueTask.FromResult(new Identification(null, AuthenticationProblems.Unauthenticated, NoToken));

        var validating = tokens.ValidateAsync(header[Scheme.Length..], context.RequestAborted);
        return validating.IsCompletedSuccessfully
            ? ValueTask.FromResult(Answer(validating.Result))
            : AnswerAsync(validating);
    }

    async ValueTask<Identification> AnswerAsync(ValueTask<TokenValidation> validating) => Answer(await validating);

    Identification Answer(TokenValidation validation)
    {
        if (validation.Caller is { } caller) return new Identification(caller);

        logger.TokenRefused(validation.Fault);
        return validation.Fault switch
        {
            TokenFault.KeysUnavailable =>
                new Identification(null, AuthenticationProblems.KeysUnavailable(options.Value.RefreshCoolDown)),
            TokenFault.Expired or TokenFault.NotYetValid =>
                new Identification(null, AuthenticationProblems.TokenNotInTime, InvalidToken),
            TokenFault.NoTenant or TokenFault.NoSubject =>
                new Identification(null, AuthenticationProblems.TokenWithoutCaller, InvalidToken),
            _ => new Identification(null, AuthenticationProblems.TokenNotVerified, InvalidToken),
        };
    }
}
