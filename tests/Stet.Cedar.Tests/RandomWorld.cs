namespace Stet.Cedar.Tests;

/// <summary>A few entities, and requests about them.</summary>
static class RandomWorld
{
    static readonly string[] Types = ["User", "Group", "App::Doc"];
    static readonly string[] Ids = ["a", "b", "c"];
    static readonly string[] Actions = ["read", "write", "any"];

    internal static EntityStore Entities { get; } = Cedar.Entities("""
        [
          {"uid": {"type": "User", "id": "a"}, "attrs": {"name": "a", "owner": {"__entity": {"type": "User", "id": "b"}}},
           "parents": [{"type": "Group", "id": "a"}], "tags": {"a": 1}},
          {"uid": {"type": "User", "id": "b"}, "attrs": {"name": true}, "parents": [{"type": "Group", "id": "b"}]},
          {"uid": {"type": "Group", "id": "a"}, "attrs": {}, "parents": [{"type": "Group", "id": "b"}]},
          {"uid": {"type": "Group", "id": "b"}, "attrs": {"a": {"b": 1}}, "parents": []},
          {"uid": {"type": "App::Doc", "id": "a"}, "attrs": {"owner": {"__entity": {"type": "User", "id": "a"}}},
           "parents": [{"type": "App::Doc", "id": "b"}, {"type": "Group", "id": "c"}]},
          {"uid": {"type": "Action", "id": "read"}, "attrs": {}, "parents": [{"type": "Action", "id": "any"}]},
          {"uid": {"type": "Action", "id": "write"}, "attrs": {}, "parents": [{"type": "Action", "id": "any"}]},
          {"uid": {"type": "Action", "id": "any"}, "attrs": {}, "parents": []}
        ]
        """);

    internal static IEnumerable<Request> Requests(Random random, int count)
    {
        for (var i = 0; i < count; i++)
            yield return new Request(
                Uid(random), new EntityUid("Action", Actions[random.Next(Actions.Length)]), Uid(random),
                Cedar.Record(random.Next(2) == 0 ? """{"a": true}""" : """{"a": {"b": [1, 2]}, "b": "text"}"""));
    }

    /// <summary>An answer as text: decision, determining policies, and the errors with their kinds.</summary>
    internal static string Shown(PolicySet policies, Request request) =>
        Shown(PolicySnapshot.CompileUnvalidated(policies).Authorize(request, Entities));

    internal static string Shown(Authorization answer) =>
        $"{answer.Allowed} by [{string.Join(", ", answer.Determining)}], errors [{string.Join(", ", answer.Errors.Select(error => $"{error.Policy}: {error.Error.Kind}"))}]";

    static EntityUid Uid(Random random) => new(Types[random.Next(Types.Length)], Ids[random.Next(Ids.Length)]);
}
