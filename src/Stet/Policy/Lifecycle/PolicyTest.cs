using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Stet.Cedar;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// A question whose answer is known. In JSON: <c>{name, request: {principal, action, resource, context?}, entities?,
/// supports?, expected: {decision, class?, code?, obligations?}}</c>, entities and values in Cedar's JSON.
/// </summary>
/// <param name="Name">1 to 200 characters, once in a candidate.</param>
/// <param name="Request">The question.</param>
/// <param name="Entities">What is known of entities.</param>
/// <param name="Supports">Types of obligations that the enforcement point can do.</param>
/// <param name="Expected">The effective result.</param>
public sealed record PolicyTest(
    string Name, Request Request, EntityStore Entities, StringSet Supports, ExpectedResult Expected)
{
    const int Most = 10_000;

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
                var test = Read(item, limits, schema);
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

    /// <summary>Runs tests against policies that have been validated; what fails is a finding.</summary>
    internal static void RunAll(
        ImmutableArray<PolicyTest> tests, ValidatedPolicies policies, PolicyCandidate candidate, CandidateFindings found,
        CancellationToken cancel)
    {
        if (tests.IsEmpty) return;

        var compiled = PolicySnapshot.Compile(policies);
        foreach (var test in tests)
        {
            cancel.ThrowIfCancellationRequested();
            if (test.FailureOn(compiled, candidate) is { } failure) found.Error("test_failed", "tests", test.Name, failure);
        }
    }

    string? FailureOn(PolicySnapshot compiled, PolicyCandidate candidate)
    {
        var findings = candidate.Schema.Check(Request);
        if (!findings.IsEmpty) return Expected.Differs(false, "error", "request_invalid", [], findings[0].Message);

        var answer = compiled.Authorize(Request, Entities);
        if (!answer.Errors.IsEmpty)
            return Expected.Differs(false, "error", "policy_error", [], $"`{answer.Errors[0].Policy}` fails");
        if (!answer.Allowed)
            return Expected.Differs(false, answer.Determining.IsEmpty ? "not_permitted" : "forbidden", null, [], null);

        return Expected.Differs(true, "allow", null, [], null);
    }

    static PolicyTest Read(JsonElement json, CedarLimits limits, Schema? schema)
    {
        Members(json, "test", "name", "request", "entities", "supports", "expected");
        var request = Needed(json, "request");
        Members(request, "request", "principal", "action", "resource", "context");
        var action = Uid(request, "action");
        var context = request.TryGetProperty("context", out var given)
            ? Value(RecordValue.ParseJson(Utf8(given), limits, schema?.ContextShape(action)), "request.context")
            : RecordValue.Empty;
        var entities = json.TryGetProperty("entities", out var listed)
            ? Value(EntityStore.ParseJson(Utf8(listed), limits, schema), "entities")
            : EntityStore.Empty;
        return new PolicyTest(
            Text(json, "name", 200), new Request(Uid(request, "principal"), action, Uid(request, "resource"), context), entities,
            json.TryGetProperty("supports", out var supports) ? Texts(supports, "supports") : StringSet.Empty,
            ExpectedResult.Read(Needed(json, "expected")));
    }

    static EntityUid Uid(JsonElement json, string name)
    {
        var member = Needed(json, name);
        Members(member, name, "type", "id");
        return EntityUid.TryCreate(Text(member, "type", 1_024), Text(member, "id", 1_024), out var uid)
            ? uid
            : throw new JsonException($"`{name}` names no entity: its type has to be identifiers joined by `::`.");
    }

    static T Value<T>(Outcome<T> outcome, string name) where T : class =>
        outcome.Value ?? throw new JsonException($"`{name}`: {outcome.Findings[0].Message}");

    internal static JsonElement Needed(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) ? member : throw new JsonException($"`{name}` is missing.");

    internal static void Members(JsonElement json, string what, params ReadOnlySpan<string> names)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new JsonException($"`{what}` has to be an object.");
        foreach (var member in json.EnumerateObject())
            if (!names.Contains(member.Name)) throw new JsonException($"`{member.Name}` has no meaning in `{what}`.");
    }

    internal static string Text(JsonElement json, string name, int most) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
        && member.GetString() is { Length: > 0 } text && text.Length <= most
            ? text
            : throw new JsonException($"`{name}` is needed, a text of 1 to {most} characters.");

    internal static StringSet Texts(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Array && json.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String)
            ? StringSet.Of(json.EnumerateArray().Select(t => t.GetString()!))
            : throw new JsonException($"`{name}` has to be a list of texts.");

    static byte[] Utf8(JsonElement json) => Encoding.UTF8.GetBytes(json.GetRawText());

    static string? NameOf(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("name", out var name)
        && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
}

/// <summary>What has to come out; a member that is null is not looked at.</summary>
/// <param name="Decision">Whether it is allowed.</param>
/// <param name="Class"><c>allow</c>, <c>forbidden</c>, <c>not_permitted</c> or <c>error</c>.</param>
/// <param name="Code">Of class <c>error</c>: <c>policy_error</c>, <c>request_invalid</c> ...</param>
/// <param name="Obligations">Names of the binding ones.</param>
public sealed record ExpectedResult(bool Decision, string? Class, string? Code, StringSet? Obligations)
{
    /// <summary>How a result differs; null: it does not.</summary>
    internal string? Differs(bool decision, string kind, string? code, IReadOnlyList<string> obligations, string? why)
    {
        var names = StringSet.Of(obligations);
        if (Decision == decision && (Class is null || Class == kind) && (Code is null || Code == code)
            && (Obligations is null || Obligations.Equals(names))) return null;

        return $"Expected {Shown(Decision, Class, Code, Obligations)}, got {Shown(decision, kind, code, names)}{(why is null ? "." : $": {why}")}";
    }

    internal static ExpectedResult Read(JsonElement json)
    {
        PolicyTest.Members(json, "expected", "decision", "class", "code", "obligations");
        var decision = PolicyTest.Needed(json, "decision");
        if (decision.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw new JsonException("`decision` has to be true or false.");

        return new ExpectedResult(
            decision.GetBoolean(), Optional("class"), Optional("code"),
            json.TryGetProperty("obligations", out var names) ? PolicyTest.Texts(names, "obligations") : null);

        string? Optional(string name) =>
            json.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? PolicyTest.Text(json, name, 64) : null;
    }

    static string Shown(bool decision, string? kind, string? code, StringSet? obligations) =>
        $"{(decision ? "allow" : "deny")}{(kind is null or "allow" ? "" : $", {kind}")}{(code is null ? "" : $" ({code})")}"
        + (obligations is { Count: > 0 } ? $" with {string.Join(", ", obligations)}" : "");
}
