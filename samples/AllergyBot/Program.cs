using AllergyBot;

// A doctor corrects what a bot believes; the bot obeys; an enforcer shows that it does, until it is stopped.
// Needs the service: dotnet run --project src/Stet. Another address than its default is the first argument.

var url = new Uri(args.FirstOrDefault() ?? "http://127.0.0.1:8080");
using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
using var stet = new StetClient(url);
try
{
    await TellAsync(stet, stop.Token);
    return 0;
}
catch (HttpRequestException e)
{
    Console.Error.WriteLine($"Stet at {url} does not take part: {e.Message}");
    Console.Error.WriteLine("Start it with: dotnet run --project src/Stet");
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine($"Stet at {url} takes too long to answer.");
    return 1;
}

static async Task TellAsync(StetClient stet, CancellationToken cancel)
{
    const string Question = "May I give this patient penicillin?";

    Say("Bot", $"{Question} {await AnswerAsync(stet, cancel)}");

    await stet.CorrectAsync("allergies.penicillin", "severe", cancel);
    Say("Dr Ada", "No! The allergy is severe. I put that on record.");
    Say("Bot", $"{Question} {await AnswerAsync(stet, cancel)}");

    await stet.RegisterEnforcerAsync(intervalSeconds: 1, cancel);
    Say("Stet", $"enforcer registered, status {await stet.StatusAsync(cancel)}");

    using var enforcer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    var reporting = ReportAsync(stet, enforcer.Token);
    Say("Stet", $"it reports, status {await WaitAsync(stet.StatusAsync, "OK", cancel)}, escalation {await stet.EscalationAsync(cancel)}");

    await enforcer.CancelAsync();
    await reporting;
    Say("Enforcer", "stopped");
    Say("Stet", $"it is silent, escalation {await WaitAsync(stet.EscalationAsync, "WARN", cancel)}, status {await stet.StatusAsync(cancel)}");

    await stet.RetireEnforcerAsync(cancel);
    Say("Stet", "enforcer retired");
}

// Stands in for a language model: it says what the block of corrected facts says, and else what it was trained to say.
static async Task<string> AnswerAsync(StetClient stet, CancellationToken cancel)
{
    var block = await stet.ContextAsync(cancel);
    var fact = block.Split('\n').FirstOrDefault(line => line.Contains("\"allergies.penicillin\"", StringComparison.Ordinal));
    return fact is null ? "Yes, nothing speaks against it." : $"No. On record is {fact}";
}

// The enforcer's only duty: every half second it says up to when it has applied the corrections.
static async Task ReportAsync(StetClient stet, CancellationToken cancel)
{
    using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5));
    try
    {
        do await stet.ReportAsync(TimeProvider.System.GetUtcNow(), cancel);
        while (await timer.WaitForNextTickAsync(cancel));
    }
    catch (OperationCanceledException)
    {
        // It was stopped.
    }
}

// Asks until the answer is the one waited for; the story's 30 seconds are the bound.
static async Task<string> WaitAsync(Func<CancellationToken, Task<string>> ask, string expected, CancellationToken cancel)
{
    while (await ask(cancel) != expected) await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
    return expected;
}

static void Say(string who, string what) => Console.WriteLine($"{who + ":",-10} {what}");
