using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Stet.EventStore;
using Stet.Observability;

// Source-generated messages would fix the shapes that are tried here.
#pragma warning disable CA1848, CA1873

namespace Stet.Tests.Observability;

public sealed class LogSpecs
{
    static readonly ManualTime Clock = new(new(2025, 3, 4, 5, 6, 7, 89, 12, TimeSpan.Zero));

    [Fact]
    public void A_message_is_one_object_on_one_line()
    {
        var line = Json(log => log.LogWarning(
            new EventId(17, "QueueFull"), "{Waiting} commands of {Tenant} wait since {Since}",
            42, "acme", Clock.GetUtcNow()));

        line.ShouldBe(
            """{"timestamp":"2025-03-04T05:06:07.089012Z","level":"warning","category":"Stet.Tests","event_id":17,"""
            + """ "event":"QueueFull","message":"42 commands of acme wait since 03/04/2025 05:06:07 +00:00","""[1..]
            + """ "state":{"Waiting":42,"Tenant":"acme","Since":"2025-03-04T05:06:07.089012+00:00"}}"""[1..] + "\n");
    }

    [Fact]
    public void Every_kind_of_message_has_an_id_of_its_own()
    {
        const BindingFlags Declared = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

        var ids = ((Assembly[])[typeof(StetApplication).Assembly, typeof(Store).Assembly]).SelectMany(a => a.GetTypes())
            .SelectMany(t => t.GetMethods(Declared)).Select(m => m.GetCustomAttribute<LoggerMessageAttribute>()?.EventId).OfType<int>().ToArray();

        ids.Length.ShouldBeGreaterThan(60);
        ids.ShouldAllBe(id => id > 0);
        ids.ShouldBeUnique();
    }

    [Fact]
    public void No_character_breaks_the_line_or_the_object()
    {
        const string hostile = "one\r\ntwo\u0085\u2028\u2029\0\u001b[31m\"quoted\" \\ é 漢 😀";

        var line = Json(log => log.LogInformation("{Text}", hostile));

        line.TrimEnd('\n').ShouldNotContain(c => char.IsControl(c) || c == '\u2028' || c == '\u2029');
        using var parsed = JsonDocument.Parse(line);
        parsed.RootElement.GetProperty("message").GetString().ShouldBe(hostile);
        parsed.RootElement.GetProperty("state").GetProperty("Text").GetString().ShouldBe(hostile);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_replaced()
    {
        using var parsed = JsonDocument.Parse(Json(log => log.LogInformation("{Text}", "a\ud83dz")));

        parsed.RootElement.GetProperty("message").GetString().ShouldBe("a\ufffdz");
    }

    [Fact]
    public void Values_keep_their_kind_and_names_stay_unique()
    {
        var line = Json(log => log.LogInformation(
            "{Long} {Double} {NaN} {Decimal} {Bool} {Null} {Id} {Span} {Long}",
            1L, 2.5, double.NaN, 3.25m, true, null, Guid.Empty, TimeSpan.FromSeconds(1), 9L));

        line.ShouldContain(
            """ "state":{"Long":1,"Double":2.5,"NaN":"NaN","Decimal":3.25,"Bool":true,"Null":null,"""[1..]
            + """ "Id":"00000000-0000-0000-0000-000000000000","Span":"00:00:01"}"""[1..]);
    }

    [Fact]
    public void Several_texts_are_a_list()
    {
        string[] urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"];

        Json(log => log.LogInformation("Listening on {Url}", [urls])).ShouldContain(
            """ "message":"Listening on http://127.0.0.1:1, http://127.0.0.1:2","state":{"Url":["http://127.0.0.1:1","http://127.0.0.1:2"]}"""[1..]);
    }

    [Fact]
    public void An_exception_comes_with_type_message_and_stack()
    {
        using var parsed = JsonDocument.Parse(Json(log => log.LogError(Thrown("line one\nline two"), "failed")));

        var exception = parsed.RootElement.GetProperty("exception");
        exception.GetProperty("type").GetString().ShouldBe("System.InvalidOperationException");
        exception.GetProperty("message").GetString().ShouldBe("line one\nline two");
        exception.GetProperty("stacktrace").GetString()!.ShouldContain(nameof(Thrown));
        parsed.RootElement.GetProperty("level").GetString().ShouldBe("error");
    }

    [Fact]
    public void Lines_within_a_trace_carry_its_ids()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        using var parsed = JsonDocument.Parse(Json(log => log.LogInformation("hello")));

        parsed.RootElement.GetProperty("trace_id").GetString().ShouldBe(activity.TraceId.ToHexString());
        parsed.RootElement.GetProperty("span_id").GetString().ShouldBe(activity.SpanId.ToHexString());
        Text(log => log.LogInformation("hello")).ShouldEndWith($": hello [{activity.TraceId}]\n");
    }

    [Fact]
    public void A_value_that_logs_while_it_is_written_spoils_nothing()
    {
        var inner = new StringWriter();
        var log = new FormatterLog(new JsonLogFormatter(Clock), inner);

        var line = Json(outer => outer.LogInformation("{Value}", new LogsItself(log)));

        using var parsed = JsonDocument.Parse(line);
        parsed.RootElement.GetProperty("state").GetProperty("Value").GetString().ShouldBe("myself");
        foreach (var nested in inner.ToString().TrimEnd('\n').Split('\n'))
            JsonDocument.Parse(nested).RootElement.GetProperty("message").GetString().ShouldBe("nested");
    }

    [Theory]
    [InlineData(LogLevel.Trace, "trace", "trce")]
    [InlineData(LogLevel.Debug, "debug", "dbug")]
    [InlineData(LogLevel.Information, "information", "info")]
    [InlineData(LogLevel.Warning, "warning", "warn")]
    [InlineData(LogLevel.Error, "error", "fail")]
    [InlineData(LogLevel.Critical, "critical", "crit")]
    public void Levels_have_names(LogLevel level, string inJson, string inText)
    {
        Json(log => log.Log(level, "hello")).ShouldContain($"\"level\":\"{inJson}\"");
        Text(log => log.Log(level, "hello")).ShouldBe($"05:06:07.089 {inText} Stet.Tests: hello\n");
    }

    [Fact]
    public void Text_keeps_a_message_on_its_line_and_an_exception_below_it()
    {
        var text = Text(log => log.LogError(Thrown("boom\u001b[31m"), "a\r\nforged line"));

        var lines = text.Split('\n');
        lines[0].ShouldBe("05:06:07.089 fail Stet.Tests: a  forged line");
        lines[1].ShouldBe("    System.InvalidOperationException: boom [31m");
        lines[2].ShouldStartWith("       at ");
    }

    [Theory]
    [InlineData("json", true, "stet-json")]
    [InlineData("text", false, "stet-text")]
    [InlineData("auto", true, "stet-text")]
    [InlineData("auto", false, "stet-json")]
    [InlineData(null, true, "stet-text")]
    [InlineData("", false, "stet-json")]
    public void The_format_is_chosen_by_configuration_or_by_who_watches(string? format, bool watched, string formatter) =>
        LogFormat.Choose(format, watched).ShouldBe(formatter);

    [Fact]
    public void An_unknown_format_is_refused_by_name()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["Logging:Format"] = "xml";
        builder.AddObservability();

        Should.Throw<OptionsValidationException>(() => builder.Build())
            .Message.ShouldBe("`Logging:Format` must be `json`, `text` or `auto`");
    }

    [Fact]
    public async Task The_console_uses_the_chosen_format()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["Logging:Format"] = "text";
        builder.AddObservability();
        await using var app = builder.Build();

        app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName.ShouldBe("stet-text");
        app.Services.GetServices<ConsoleFormatter>().Select(f => f.Name).ShouldContain("stet-text");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("Information", true)]
    public async Task Single_requests_are_logged_only_when_asked_for(string? level, bool logged)
    {
        await using var service = await ObservedService.StartAsync(
            settings: new() { ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = level, ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Information" });

        await service.GetAsync("/livez");

        service.Logs.Lines.Any(l => l.Message.StartsWith("Request starting", StringComparison.Ordinal)).ShouldBe(logged);
        service.Logs.Lines.ShouldContain(l => l.Message.StartsWith("Now listening on", StringComparison.Ordinal));
    }

    static string Json(Action<ILogger> act) => Written(new JsonLogFormatter(Clock), act);

    static string Text(Action<ILogger> act) => Written(new TextLogFormatter(Clock), act);

    static string Written(ConsoleFormatter formatter, Action<ILogger> act)
    {
        using var text = new StringWriter();
        act(new FormatterLog(formatter, text));

        return text.ToString();
    }

    static InvalidOperationException Thrown(string message)
    {
        try
        {
            throw new InvalidOperationException(message);
        }
        catch (InvalidOperationException thrown)
        {
            return thrown;
        }
    }

    sealed class LogsItself(ILogger log)
    {
        public override string ToString()
        {
            log.LogInformation("nested");
            return "myself";
        }
    }

    sealed class FormatterLog(ConsoleFormatter formatter, TextWriter text) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> format) =>
            formatter.Write(
                new LogEntry<TState>(logLevel, "Stet.Tests", eventId, state, exception, format), null, text);
    }
}
