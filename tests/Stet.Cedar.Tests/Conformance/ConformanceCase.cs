using System.Text;
using System.Text.Json;

namespace Stet.Cedar.Tests.Conformance;

/// <summary>Policies with the requests that are put to them.</summary>
sealed class ConformanceCase
{
    ConformanceCase(PolicySet policies, IEntities entities)
    {
        Policies = policies;
        Entities = entities;
        Snapshot = PolicySnapshot.CompileUnvalidated(policies);
    }

    internal PolicySet Policies { get; }

    internal IEntities Entities { get; }

    internal PolicySnapshot Snapshot { get; }

    internal static ConformanceCase Load(
        string policies, string entities, ReadOnlySpan<TemplateLink> links = default, IEntityShapes? shapes = null) =>
        new(Cedar.Policies(policies, links), Cedar.Entities(entities, shapes));

    /// <summary>Puts the requests of a test to the policies; answers what came out otherwise than expected.</summary>
    internal List<string> Differences(JsonElement requests, string name, Schema? schema = null)
    {
        var differences = new List<string>();
        var number = 0;

        foreach (var json in requests.EnumerateArray())
        {
            var request = Request(json, schema);
            var answer = Snapshot.Authorize(request, Entities);
            var scanned = Snapshot.AuthorizeWithoutIndex(request, Entities);
            var (expected, actual) = (Expected(json), Shown(answer));

            if (actual != expected) differences.Add($"{name}, request {number}: expected {expected}, got {actual}");
            if (Shown(scanned) != actual) differences.Add($"{name}, request {number}: the index changes {Shown(scanned)} into {actual}");
            number++;
        }

        return differences;
    }

    /// <param name="json">The request.</param>
    /// <param name="schema">Says where wrappers are left out; null when they never are.</param>
    internal static Request Request(JsonElement json, Schema? schema = null)
    {
        var action = Uid(json.GetProperty("action"));
        return new Request(
            Uid(json.GetProperty("principal")), action, Uid(json.GetProperty("resource")),
            Cedar.Record(json.GetProperty("context").GetRawText(), schema?.ContextShape(action)));
    }

    internal static EntityUid Uid(JsonElement json) =>
        new(json.GetProperty("type").GetString()!, json.GetProperty("id").GetString()!);

    static string Expected(JsonElement json) =>
        Shown(json.GetProperty("decision").GetString() == "allow", Ids(json.GetProperty("reason")), Ids(json.GetProperty("errors")));

    static string Shown(Authorization answer) => Shown(
        answer.Allowed, answer.Determining.Select(id => id.Value), answer.Errors.Select(error => error.Policy.Value));

    static string Shown(bool isAllowed, IEnumerable<string> reason, IEnumerable<string> errors) => new StringBuilder()
        .Append(isAllowed ? "allow" : "deny").Append(" by [").AppendJoin(", ", reason).Append("], errors [").AppendJoin(", ", errors)
        .Append(']').ToString();

    static IEnumerable<string> Ids(JsonElement json) =>
        json.EnumerateArray().Select(id => id.GetString()!).Order(StringComparer.Ordinal);
}
