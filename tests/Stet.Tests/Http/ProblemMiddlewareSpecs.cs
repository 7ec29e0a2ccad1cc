using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Stet.EventStore;
using Stet.Http;
using Stet.Tests.Observability;

namespace Stet.Tests.Http;

/// <summary>What clients are told when something throws.</summary>
public class ProblemMiddlewareSpecs
{
    [Fact]
    public async Task A_full_queue_is_503_with_the_time_to_come_back()
    {
        var (status, retryAfter, problem) = await AnswerToAsync(new StoreBusyException());

        (status, retryAfter).ShouldBe((503, "1"));
        problem.GetProperty("code").GetString().ShouldBe("store_busy");
    }

    [Fact]
    public async Task A_database_that_is_away_is_503_and_not_named()
    {
        var (status, retryAfter, problem) = await AnswerToAsync(
            new StoreUnavailableException("10.0.0.7:5432 refused", TimeSpan.FromSeconds(4.2), new IOException("secret host")));

        (status, retryAfter).ShouldBe((503, "5"));
        problem.GetProperty("code").GetString().ShouldBe("store_unavailable");
        problem.GetRawText().ShouldNotContain("10.0.0.7");
    }

    [Theory]
    [InlineData(PostgresErrorCodes.AdminShutdown)]
    [InlineData(PostgresErrorCodes.CrashShutdown)]
    [InlineData(PostgresErrorCodes.CannotConnectNow)]
    public async Task A_database_that_goes_down_under_a_request_is_503(string sqlState)
    {
        var (status, retryAfter, problem) = await AnswerToAsync(
            new PostgresException("terminating connection at 10.0.0.7", "FATAL", "FATAL", sqlState));

        (status, retryAfter).ShouldBe((503, "2"));
        problem.GetProperty("code").GetString().ShouldBe("store_unavailable");
        problem.GetRawText().ShouldNotContain("10.0.0.7");
    }

    [Theory]
    [InlineData(PostgresErrorCodes.InvalidPassword)]
    [InlineData(PostgresErrorCodes.InvalidAuthorizationSpecification)]
    [InlineData(PostgresErrorCodes.InvalidCatalogName)]
    public async Task A_database_that_lets_nobody_in_is_503(string sqlState)
    {
        var (status, retryAfter, problem) = await AnswerToAsync(
            new PostgresException("password authentication failed for user \"app\"", "FATAL", "FATAL", sqlState));

        (status, retryAfter).ShouldBe((503, "2"));
        problem.GetProperty("code").GetString().ShouldBe("store_unavailable");
        problem.GetRawText().ShouldNotContain("app");
    }

    [Fact]
    public async Task A_statement_that_is_wrong_is_500()
    {
        var (status, _, problem) = await AnswerToAsync(
            new PostgresException("column x does not exist", "ERROR", "ERROR", PostgresErrorCodes.UndefinedColumn));

        status.ShouldBe(500);
        problem.GetRawText().ShouldNotContain("column x");
    }

    [Fact]
    public async Task Anything_else_is_500_and_tells_nothing()
    {
        var (status, _, problem) = await AnswerToAsync(new InvalidOperationException("the password is hunter2"));

        status.ShouldBe(500);
        problem.GetProperty("code").GetString().ShouldBe("internal_error");
        problem.GetRawText().ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task A_client_that_has_reset_its_connection_is_no_failure_of_the_service()
    {
        using var log = new CapturedLogs();
        await using var app = await StartAsync(new ConnectionResetException("reset by peer"), log);
        using var client = new HttpClient();

        using var answer = await client.GetAsync(new Uri(app.Urls.Single()));

        ((int)answer.StatusCode).ShouldNotBe(500);
        log.Lines.ShouldNotContain(line => line.Level >= LogLevel.Error);
    }

    static async Task<WebApplication> StartAsync(Exception thrown, ILoggerProvider? log = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        if (log is not null) builder.Logging.AddProvider(log);
        var app = builder.Build();
        app.UseProblems();
        app.Run(_ => throw thrown);
        await app.StartAsync();
        return app;
    }

    static async Task<(int Status, string? RetryAfter, JsonElement Problem)> AnswerToAsync(Exception thrown)
    {
        await using var app = await StartAsync(thrown);
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(app.Urls.Single()));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return ((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString(), await answer.Content.ReadFromJsonAsync<JsonElement>());
    }
}
