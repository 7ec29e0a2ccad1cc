using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Stet.Cedar;

namespace Stet.Benchmarks;

/// <summary>
/// What one decision costs in the engine, one thread, nothing recorded. Nine in ten policies are permits with an action, a
/// group, a resource scope and six clauses; one in ten is a forbid with <c>when</c> and <c>unless</c>. A principal is in
/// twelve groups. Every request is new to the engine: no hash of it is known.
/// </summary>
static class PolicyBenchmark
{
    const int Groups = 40;
    const int Principals = 1_000;
    const int Documents = 5_000;

    // What the index leaves of the policies is the share of one action and of two folders.
    const int Actions = 9;
    const int Folders = 9;

    public static Command Command()
    {
        var policies = new Option<int>("--policies") { Description = "Policies in the set", DefaultValueFactory = _ => 1_000 };
        var evaluations = new Option<int>("--evaluations") { Description = "Decisions to measure", DefaultValueFactory = _ => 1_000_000 };
        var command = new Command("policies", "Decisions of the Cedar engine, as fast as one thread gets them.") { policies, evaluations };

        command.SetAction(arguments => Run(arguments.GetValue(policies), arguments.GetValue(evaluations)));
        return command;
    }

    static void Run(int count, int evaluations)
    {
        var snapshot = PolicySnapshot.CompileUnvalidated(Value(PolicySet.ParseAll(Text(count), [], CedarLimits.Default)));
        var entities = Value(EntityStore.Load(Entities(), CedarLimits.Default));
        var contexts = Enumerable.Range(0, 64).Select(Context).ToArray();

        Measure(snapshot, entities, contexts, evaluations / 4, out _, out _);
        var sorted = Measure(snapshot, entities, contexts, evaluations, out var allowed, out var bytes);
        Array.Sort(sorted);

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count}\t{evaluations}\t{Microseconds(sorted, 0.50):F2}\t{Microseconds(sorted, 0.99):F2}\t{bytes / (double)evaluations:F0}\t{allowed / (double)evaluations:F2}"));
    }

    static long[] Measure(
        PolicySnapshot snapshot, EntityStore entities, RecordValue[] contexts, int evaluations, out int allowed, out long bytes)
    {
        var taken = new long[evaluations];
        var random = new Random(1);
        allowed = 0;
        bytes = 0;

        for (var i = 0; i < taken.Length; i++)
        {
            var request = new Request(
                User(random.Next(Principals)), Action(random.Next(Actions)), Document(random.Next(Documents)), contexts[i % contexts.Length]);

            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            var answer = snapshot.Authorize(request, entities);
            taken[i] = Stopwatch.GetTimestamp() - started;
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            if (answer.Allowed) allowed++;
        }

        return taken;
    }

    static double Microseconds(long[] sorted, double share) =>
        sorted[(int)Math.Ceiling(share * sorted.Length) - 1] * 1e6 / Stopwatch.Frequency;

    static string Text(int count)
    {
        var (text, random) = (new StringBuilder(), new Random(2));

        for (var i = 0; i < count; i++)
        {
            var (action, folder) = (i % Actions, i / Actions % Folders);
            text.Append(i % 10 == 9 ? Forbid(action, folder, random) : Permit(action, folder, random));
        }

        return text.ToString();
    }

    static string Permit(int action, int folder, Random random) => $$"""
        permit (principal in Group::"group-{{random.Next(Groups)}}", action == Action::"action-{{action}}", resource in Folder::"folder-{{folder}}")
        when {
            ["public", "internal", "class-{{random.Next(4)}}"].contains(resource.classification) &&
            resource.path like "/projects/*/{{random.Next(4)}}*" &&
            context.address.isInRange(ip("10.{{random.Next(4)}}.0.0/14")) &&
            context.now >= datetime("2024-01-01T00:00:00Z") &&
            context.now.toTime() < duration("{{18 + random.Next(6)}}h") &&
            principal.level > {{random.Next(5)}}
        };

        """;

    static string Forbid(int action, int folder, Random random) => $$"""
        forbid (principal, action == Action::"action-{{action}}", resource in Folder::"folder-{{folder}}")
        when { resource.classification == "secret" && context.risk > {{random.Next(50, 100)}} }
        unless { principal in Group::"group-{{random.Next(Groups)}}" };

        """;

    static EntityInput[] Entities()
    {
        var random = new Random(3);
        var users = Enumerable.Range(0, Principals).Select(number => new EntityInput(
            User(number), new RecordValue(new("level", new LongValue(random.Next(6))), new("name", new StringValue($"user {number}"))),
            [.. Enumerable.Range(0, Groups).OrderBy(_ => random.Next()).Take(12).Select(group => new EntityUid("Group", $"group-{group}"))],
            RecordValue.Empty));

        var documents = Enumerable.Range(0, Documents).Select(number => new EntityInput(
            Document(number),
            new RecordValue(
                new("classification", new StringValue(random.Next(8) == 0 ? "secret" : $"class-{random.Next(4)}")),
                new("path", new StringValue($"/projects/stet/{random.Next(4)}/document-{number}"))),
            [.. Enumerable.Range(0, Folders).OrderBy(_ => random.Next()).Take(2).Select(folder => new EntityUid("Folder", $"folder-{folder}"))],
            RecordValue.Empty));

        return [.. users, .. documents];
    }

    static RecordValue Context(int number) => Value(RecordValue.ParseJson(
        Encoding.UTF8.GetBytes($$$"""
            {
              "address": {"__extn": {"fn": "ip", "arg": "10.{{{number % 8}}}.2.3"}},
              "now": {"__extn": {"fn": "datetime", "arg": "2026-03-02T{{{number % 24:D2}}}:30:00Z"}},
              "risk": {{{number}}}, "tool": "search", "region": "eu-central"
            }
            """),
        CedarLimits.Default));

    static EntityUid User(int number) => new("User", $"user-{number}");

    static EntityUid Action(int number) => new("Action", $"action-{number}");

    static EntityUid Document(int number) => new("Document", $"document-{number}");

    static T Value<T>(Outcome<T> outcome) where T : class =>
        outcome.Value ?? throw new InvalidOperationException(string.Join('\n', outcome.Findings));
}
