using Stet.Client.Api;

// A doctor corrects what a bot believes; the bot obeys; an enforcer shows that it does, until it is stopped.
// Needs the service: dotnet run --project src/Stet. Another address than its default is the first argument.

const string Enforcer = "allergy-enforcer";

using var http = new HttpClient
{
    BaseAddress = new Uri(args.FirstOrDefault() ?? "http://127.0.0.1:8080"),
    Timeout = TimeSpan.FromSeconds(5),
    // In Development the service believes this header; in production the tenant comes from the bearer token.
    DefaultRequestHeaders = { { "X-Tenant-Id", "a11e9b07-0000-4000-8000-000000000001" } },
};
using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
var stet = new StetClient(http);
var patient = new Subject("patient", $"p-{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}");
var facts = new FactsQuery(patient, new Requester("allergy-bot"));
Reading<PromptContext>? known = null;
try
{
    await TellAsync(stop.Token);
    return 0;
}
catch (Exception e) when (e is HttpRequestException or StetException)
{
    Console.Error.WriteLine($"Stet at {http.BaseAddress} does not take part: {e.Message}");
    Console.Error.WriteLine("Start it with: dotnet run --project src/Stet");
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine($"Stet at {http.BaseAddress} takes too long to answer.");
    return 1;
}

async Task TellAsync(CancellationToken cancel)
{
    const string Question = "May I give this patient penicillin?";

    Say("Bot", $"{Question} {await AnswerAsync(cancel)}");

    await stet.Corrections.RecordAsync(
        new NewCorrection(
            patient, "allergies.penicillin", "severe", new Permissions(Readers: ["allergy-bot"]), new Actor("human", "dr-ada")),
        cancel: cancel);
    Say("Dr Ada", "No! The allergy is severe. I put that on record.");
    Say("Bot", $"{Question} {await AnswerAsync(cancel)}");

    await stet.Enforcement.RegisterAsync(Enforcer, new SystemSettings { IntervalSeconds = 1, GraceMultiplier = 2 }, cancel: cancel);
    Say("Stet", $"enforcer registered, status {await StatusAsync(cancel)}");

    using var enforcer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    var reporting = ReportAsync(enforcer.Token);
    Say("Stet", $"it reports, status {await WaitAsync(StatusAsync, ReportingStatus.Ok, cancel)}, escalation {await EscalationAsync(cancel)}");

    await enforcer.CancelAsync();
    await reporting;
    Say("Enforcer", "stopped");
    Say("Stet", $"it is silent, escalation {await WaitAsync(EscalationAsync, EscalationLevel.Warn, cancel)}, status {await StatusAsync(cancel)}");

    await stet.Enforcement.RetireAsync(Enforcer, cancel: cancel);
    Say("Stet", "enforcer retired");
}

// Stands in for a language model: it says what the block of corrected facts says, and else what it was trained to say.
async Task<string> AnswerAsync(CancellationToken cancel)
{
    known = await stet.Facts.ContextAsync(facts, known: known, cancel: cancel);
    var fact = known.Value.Markdown.Split('\n').FirstOrDefault(line => line.Contains("\"allergies.penicillin\"", StringComparison.Ordinal));
    return fact is null ? "Yes, nothing speaks against it." : $"No. On record is {fact}";
}

// The enforcer's only duty: every half second it says up to when it has applied the corrections.
async Task ReportAsync(CancellationToken cancel)
{
    using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5));
    try
    {
        do await stet.Enforcement.ReportAsync(new Heartbeat(Enforcer, TimeProvider.System.GetUtcNow()), cancel: cancel);
        while (await timer.WaitForNextTickAsync(cancel));
    }
    catch (OperationCanceledException)
    {
        // It was stopped.
    }
}

async Task<ReportingStatus> StatusAsync(CancellationToken cancel) =>
    (await stet.Enforcement.StatusAsync(Enforcer, cancel: cancel)).Value.Systems[0].Status;

async Task<EscalationLevel> EscalationAsync(CancellationToken cancel) =>
    (await stet.Enforcement.EscalationAsync(Enforcer, cancel: cancel)).Value.Level;

// Asks until the answer is the one waited for; the story's 30 seconds are the bound.
static async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> ask, T expected, CancellationToken cancel) where T : struct, Enum
{
    while (!(await ask(cancel)).Equals(expected)) await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
    return expected;
}

static void Say(string who, string what) => Console.WriteLine($"{who + ":",-10} {what}");
