using System.CommandLine;
using System.Text;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog.CommandLine;

/// <summary>The options that several verbs share, and how they are read: every problem is a usage error.</summary>
static class AuditOptions
{
    public static readonly Option<string[]> Log = Text("--log", "Prefix of the log, http:// or https://, or the folder of an export (REQUIRED)");
    public static readonly Option<string[]> Keys = Text("--vkey", "A verifier key of the log, `name+id+key`, or @FILE with one on each line; repeat it while the log changes its key");
    public static readonly Option<string[]> Policy = Text("--policy", "File with a witness policy (C2SP tlog-policy); its `log` lines stand in for --vkey");
    public static readonly Option<string[]> Witnesses = Text("--witness", "A verifier key of a witness, or @FILE; repeat it for each");
    public static readonly Option<string[]> Quorum = Text("--quorum", "How many of the witnesses must have cosigned; all, if not said");
    public static readonly Option<string[]> MaxAge = Text("--max-age", "How old the newest cosignature may be, such as 90s, 15m, 24h or 7d");
    public static readonly Option<string[]> State = Text("--state", "File that keeps the newest verified checkpoint: the next must extend it; `watch` requires it");
    public static readonly Option<string[]> StateWithOneDash = new("-state") { Hidden = true, Arity = ArgumentArity.ZeroOrMore };
    public static readonly Option<string[]> Evidence = Text("--evidence", "Folder that gets both notes when the log contradicts itself");
    public static readonly Option<string[]> Headers = Text("--header", "A header of every request, `Name: value`; repeat it");
    public static readonly Option<bool> Json = new("--json") { Description = "Report as JSON" };

    /// <summary>Takes any number of values, so that too few or too many are this program's usage error.</summary>
    public static Option<string[]> Text(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.ZeroOrMore };

    public static string? One(this ParseResult arguments, Option<string[]> option) => arguments.GetValue(option) switch
    {
        null or [] when arguments.GetResult(option) is { Implicit: false } => throw AuditException.Usage($"`{option.Name}` needs a value."),
        null or [] => null,
        [var value] => value,
        _ => throw AuditException.Usage($"`{option.Name}` is given more than once."),
    };

    /// <summary>The file of <see cref="State"/>, under either of its names.</summary>
    public static string? StateFile(this ParseResult arguments) => (arguments.One(State), arguments.One(StateWithOneDash)) switch
    {
        ({ }, { }) => throw AuditException.Usage("`--state` is given more than once."),
        var (two, one) => two ?? one,
    };

    public static string Required(this ParseResult arguments, Option<string[]> option) =>
        arguments.One(option) ?? throw AuditException.Usage($"`{option.Name}` is missing.");

    public static AuditTrust Trust(this ParseResult arguments)
    {
        AuditKey[] keys = [.. arguments.KeysOf(Keys)];
        AuditKey[] witnesses = [.. arguments.KeysOf(Witnesses)];
        var quorum = arguments.One(Quorum);
        if (arguments.One(Policy) is not { } file)
        {
            var count = quorum is null ? witnesses.Length : Number(quorum, "--quorum");
            return new AuditTrust(keys, WitnessPolicy.Of(witnesses, (int)Math.Min(count, int.MaxValue)));
        }

        if (witnesses.Length > 0 || quorum is not null) throw AuditException.Usage("`--policy` names the witnesses: leave `--witness` and `--quorum` away.");
        var policy = WitnessPolicy.Parse(ReadText(file));
        return new AuditTrust(keys.Length > 0 ? keys : policy.Logs, policy);
    }

    public static AuditLogSource Source(this ParseResult arguments, TimeProvider clock)
    {
        var log = arguments.Required(Log);
        if (IsUrl(log)) return AuditLogSource.FromHttp(arguments.Client(), Url(log), clock, new Lines(arguments.InvocationConfiguration.Error));
        return log.Contains("://", StringComparison.Ordinal)
            ? throw AuditException.Usage("`--log` must be a URL, http:// or https://, or a folder.")
            : AuditLogSource.FromFolder(log);
    }

    public static Uri RequiredUrl(this ParseResult arguments, Option<string[]> option)
    {
        var log = arguments.Required(option);
        return IsUrl(log) ? Url(log) : throw AuditException.Usage("`--log` must be a URL, http:// or https://.");
    }

    public static HttpClient Client(this ParseResult arguments)
    {
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var header in arguments.GetValue(Headers) ?? [])
        {
            // The value may be a credential: it stays out of the message.
            if (header.Split(':', 2) is not [var name, var value]) throw AuditException.Usage("`--header` needs `Name: value`.");
            headers.Add(new(name.Trim(), value.Trim()));
        }

        return HttpSource.CreateClient(headers);
    }

    /// <summary>A number of seconds, minutes, hours or days.</summary>
    public static TimeSpan Duration(string text, string option)
    {
        const int mostSeconds = int.MaxValue;
        var scale = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (scale > 0 && Strict.TryDecimal(Encoding.UTF8.GetBytes(text[..^1]), out var count) && count <= mostSeconds / scale)
            return TimeSpan.FromSeconds(count * scale);

        throw AuditException.Usage($"`{option}` must be a number with s, m, h or d, such as 90s.");
    }

    public static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw AuditException.Usage($"`{path}` cannot be read: {e.Message}", e);
        }
    }

    static string ReadText(string path)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(ReadBytes(path));
        }
        catch (DecoderFallbackException e)
        {
            throw AuditException.Usage($"`{path}` is not UTF-8 text.", e);
        }
    }

    static IEnumerable<AuditKey> KeysOf(this ParseResult arguments, Option<string[]> option)
    {
        var values = arguments.GetValue(option) ?? [];
        if (values.Length == 0 && arguments.GetResult(option) is { Implicit: false }) throw AuditException.Usage($"`{option.Name}` needs a value.");

        foreach (var value in values)
        {
            if (!value.StartsWith('@'))
            {
                yield return AuditKey.Parse(value);
                continue;
            }

            foreach (var line in ReadText(value[1..]).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (line[0] != '#') yield return AuditKey.Parse(line);
            }
        }
    }

    static long Number(string text, string option) =>
        Strict.TryDecimal(Encoding.UTF8.GetBytes(text), out var value) ? value : throw AuditException.Usage($"`{option}` must be a plain number.");

    static bool IsUrl(string log) =>
        log.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || log.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    static Uri Url(string log) =>
        Uri.TryCreate(log, UriKind.Absolute, out var url) && url.Query.Length == 0 && url.Fragment.Length == 0
            ? url
            : throw AuditException.Usage($"`--log` must be a URL without query, such as https://host/v1/tenants/ID/audit.");

    sealed class Lines(TextWriter writer) : IProgress<string>
    {
        readonly TextWriter writer = TextWriter.Synchronized(writer);

        public void Report(string value) => writer.WriteLine(TerminalText.Of(value));
    }
}
