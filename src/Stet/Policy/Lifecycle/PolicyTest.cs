using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Decisions;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// A question whose answer is known. In JSON: <c>{name, request: {subject, action, resource, context?, now?, invalid?},
/// entities?, supports?, expected: {decision, class?, code?, obligations?}}</c>. The request is AuthZEN's after it was
/// translated, as decisions record it; values and entities are in Cedar's JSON, wrappers optional.
/// </summary>
/// <param name="Name">1 to 200 characters, once in a candidate.</param>
/// <param name="Request">The question; without a time of its own, it is asked at the beginning of 1970.</param>
/// <param name="Entities">What is known of entities.</param>
/// <param name="Supports">Types of obligations that the enforcement point can do.</param>
/// <param name="Expected">The effective result.</param>
public sealed record PolicyTest(
    string Name, RecordedRequest Request, EntityStore Entities, StringSet Supports, ExpectedResult Expected)
{
    const int Most = 10_000;

    /// <summary>Runs it; null: what was expected came out. Else what did.</summary>
    public string? FailureUnder(PolicyInForce policy)
    {
        var (raw, effective) = DecisionPoint.Evaluate(policy, Request, Entities, new PepSupport("test", Supports));
        return Expected.DifferenceTo(effective, raw);
    }

    /// <summary>Reads the tests of a candidate from canonical JSON.</summary>
    /// <returns>The tests; null: there are findings.</returns>
    internal static List<PolicyTest>? ReadAll(byte[] canonicalJson, CedarLimits limits, Schema? schema, CandidateFindings found)
    {
        using var json = JsonDocument.Parse(canonicalJson);
        if (json.RootElement.ValueKind != JsonValueKind.Array || json.RootElement.GetArrayLength() > Most)
        {
            found.Error("test", "tests", null, $"The tests have to be a list of at most {Most}.");
            return null;
        }

        var before = found.Count;
        var (tests, names) = (new List<PolicyTest>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var item in json.RootElement.EnumerateArray())
        {
            try
            {
                var test = new TestReader(limits, schema).Read(item);
                if (names.Add(test.Name)) tests.Add(test);
                else found.Error("duplicate_id", "tests", test.Name, "Another test has this name: give each its own.");
            }
            catch (JsonException e)
            {
                found.Error("test", "tests", NameOf(item), e.Message);
            }
        }

        return found.Count == before ? tests : null;
    }

    /// <summary>Runs the tests of a candidate; what fails is a finding.</summary>
    internal static void RunAll(
        ImmutableArray<PolicyTest> tests, PolicyInForce policy, CandidateFindings found, CancellationToken cancel)
    {
        foreach (var test in tests)
        {
            cancel.ThrowIfCancellationRequested();
            if (test.FailureUnder(policy) is { } failure) found.Error("test_failed", "tests", test.Name, failure);
        }
    }

    static string? NameOf(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("name", out var name)
        && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
}

/// <summary>What has to come out; a member that is null is not looked at.</summary>
/// <param name="Decision">Whether it is allowed.</param>
/// <param name="Class"><c>allow</c>, <c>forbidden</c>, <c>not_permitted</c> or <c>error</c>.</param>
/// <param name="Code">One of <see cref="DecisionCodes"/>.</param>
/// <param name="Obligations">Names of the binding ones.</param>
public sealed record ExpectedResult(bool Decision, string? Class, string? Code, StringSet? Obligations)
{
    internal string? DifferenceTo(EffectiveResult result, RawResult? raw)
    {
        var kind = result.Class.Name();
        var names = StringSet.Of(result.Obligations.Select(o => o.Id));
        if (Decision == result.Decision && (Class is null || Class == kind) && (Code is null || Code == result.Code)
            && (Obligations is null || Obligations.Equals(names))) return null;

        var by = raw is { Determining.Count: > 0 } ? $", by {string.Join(", ", raw.Determining)}" : "";
        return $"Expected {Shown(Decision, Class, Code, Obligations)}; got {Shown(result.Decision, kind, result.Code, names)}{by}.";
    }

    static string Shown(bool decision, string? kind, string? code, StringSet? obligations) =>
        $"{(decision ? "allow" : "deny")}{(kind is null or "allow" ? "" : $", {kind}")}{(code is null ? "" : $" ({code})")}"
        + (obligations is { Count: > 0 } ? $" with {string.Join(", ", obligations)}" : "");
}

/// <summary>Reads one test; what is wrong with it is a <see cref="JsonException"/> whose message says what to change.</summary>
sealed class TestReader(CedarLimits limits, Schema? schema)
{
    readonly AuthZenSchema? served = schema is null ? null : AuthZenSchema.Of(schema);

    public PolicyTest Read(JsonElement json)
    {
        Members(json, "test", "name", "request", "entities", "supports", "expected");
        var request = Needed(json, "request");
        Members(request, "request", "subject", "action", "resource", "context", "now", "invalid");
        var entities = json.TryGetProperty("entities", out var listed)
            ? Value(EntityStore.ParseJson(Utf8(listed), limits, schema), "entities")
            : EntityStore.Empty;
        var (subject, resource) = (ReadParty(request, "subject", entities), ReadParty(request, "resource", entities));
        if ((subject.Type, subject.Id) == (resource.Type, resource.Id)) (subject, resource) = OneEntity(request, subject, resource);
        var action = Needed(request, "action");
        Members(action, "action", "name");
        var name = Text(action, "name", 1_024);
        return new PolicyTest(
            Text(json, "name", 200),
            new RecordedRequest(subject, name, resource, ReadContext(request, subject, name, resource), ReadNow(request), Texts(request, "invalid")),
            entities, Texts(json, "supports"), ReadExpected(Needed(json, "expected")));
    }

    /// <summary>A party that states no properties is evaluated with those on record.</summary>
    Party ReadParty(JsonElement request, string role, EntityStore entities)
    {
        var json = Needed(request, role);
        Members(json, role, "type", "id", "properties");
        var (type, id) = (Text(json, "type", 1_024), Text(json, "id", 1_024));
        if (json.TryGetProperty("properties", out var given))
            return new Party(type, id, Value(RecordValue.ParseJson(Utf8(given), limits, TypeOf(type)?.Shape), $"{role}.properties"));

        var known = TypeOf(type) is { } served && entities.TryGet(new EntityUid(served.Name, id), out var entity) ? entity.Attributes : null;
        return new Party(type, id, known ?? RecordValue.Empty);
    }

    /// <summary>What is given of one entity in one role counts in both.</summary>
    static (Party Subject, Party Resource) OneEntity(JsonElement request, Party subject, Party resource) =>
        !request.GetProperty("resource").TryGetProperty("properties", out _) ? (subject, subject)
        : !request.GetProperty("subject").TryGetProperty("properties", out _) ? (resource, resource)
        : (subject, resource);

    RecordValue ReadContext(JsonElement request, Party subject, string action, Party resource)
    {
        if (!request.TryGetProperty("context", out var json)) return RecordValue.Empty;

        var shape = TypeOf(subject.Type) is { } principal && TypeOf(resource.Type) is { } target
            ? served!.FindAction(action, principal.Name, target.Name)?.Context
            : null;
        return Value(RecordValue.ParseJson(Utf8(json), limits, shape), "context");
    }

    AuthZenType? TypeOf(string name) => served is not null && served.TryGetType(name, out var type) ? type : null;

    static DateTimeOffset ReadNow(JsonElement request)
    {
        if (!request.TryGetProperty("now", out var json)) return DateTimeOffset.UnixEpoch;
        return json.ValueKind == JsonValueKind.String && UtcTimeConverter.TryParse(json.GetString()!, out var now)
            ? now
            : throw new JsonException("`now` has to be an RFC 3339 time with an offset.");
    }

    static ExpectedResult ReadExpected(JsonElement json)
    {
        Members(json, "expected", "decision", "class", "code", "obligations");
        var decision = Needed(json, "decision");
        if (decision.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw new JsonException("`decision` has to be true or false.");

        return new ExpectedResult(
            decision.GetBoolean(), Optional(json, "class"), Optional(json, "code"),
            json.TryGetProperty("obligations", out _) ? Texts(json, "obligations") : null);
    }

    static T Value<T>(Outcome<T> outcome, string name) where T : class =>
        outcome.Value ?? throw new JsonException($"`{name}`: {outcome.Findings[0].Message}");

    static JsonElement Needed(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) ? member : throw new JsonException($"`{name}` is missing.");

    static void Members(JsonElement json, string what, params ReadOnlySpan<string> names)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new JsonException($"`{what}` has to be an object.");
        foreach (var member in json.EnumerateObject())
            if (!names.Contains(member.Name)) throw new JsonException($"`{member.Name}` has no meaning in `{what}`.");
    }

    static string? Optional(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? Text(json, name, 64) : null;

    static string Text(JsonElement json, string name, int most) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
        && member.GetString() is { Length: > 0 } text && text.Length <= most
            ? text
            : throw new JsonException($"`{name}` is needed, a text of 1 to {most} characters.");

    static StringSet Texts(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var list)) return StringSet.Empty;
        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String)
            ? StringSet.Of(list.EnumerateArray().Select(t => t.GetString()!))
            : throw new JsonException($"`{name}` has to be a list of texts.");
    }

    static byte[] Utf8(JsonElement json) => Encoding.UTF8.GetBytes(json.GetRawText());
}
