using Stet.Client.Api;
using Stet.Pcs;
using Stet.Testing;

namespace Stet.Client.Tests.Api;

/// <summary>Tenants of a running service, and what is ordinarily sent.</summary>
static class Ordinary
{
    public const string Secret = "testsecret";

    public static Subject Patient { get; } = new("patient", "p-17");

    public static Requester Bot { get; } = new("allergy-bot");

    public static FactsQuery Facts { get; } = new(Patient, Bot);

    public static HistoryQuery History { get; } = new(Patient, Bot);

    /// <summary>A client of a tenant that nobody else has.</summary>
    public static async Task<StetClient> NewTenantAsync() => new((await TestService.SharedAsync()).Client());

    public static NewCorrection Correction(string value = "severe", string fieldKey = "allergies.penicillin") =>
        new(Patient, fieldKey, value, new Permissions(Readers: ["allergy-bot"]), new("human", "dr-ada"));

    public static Revocation TakenBack { get; } = new(RevocationReason.EnteredInError, new("human", "dr-ada"), "wrong patient");

    public static Heartbeat Beat { get; } = new("allergy-filter", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>A document of 0.1 that is consistent with itself, signed with <see cref="Secret"/>.</summary>
    public static PcsDocument Document(long epoch = 7, double budget = 0.31915, string secret = Secret) =>
        PcsSignature.SignWithHmac(
            (OrdinaryDocument.V01 with { Epoch = epoch, Budget = budget }).Identified(), secret, PcsDialect.ABytes);

    /// <summary>Its budget is not that of its values.</summary>
    public static PcsDocument Doubtful(long epoch = 7) => Document(epoch, budget: 0.5);

    public static async Task<List<T>> ToListAsync<T>(this IAsyncEnumerable<T> rows)
    {
        var list = new List<T>();
        await foreach (var row in rows) list.Add(row);
        return list;
    }
}
