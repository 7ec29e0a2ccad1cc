using System.Text;

namespace Stet.Cedar.Tests;

public class InputLaws
{
    const string JsonLetters = "{}[]\",:\\u0d8tn-1e.";

    [Fact]
    public void Mutated_policies_are_answered_and_never_throw() => Laws.Hold(2_000, random =>
    {
        var text = Mutated(new RandomPolicies(random).Policies(2), random, "(){}[]\"\\.,;:!-&|<>=?@*/ \n\u0000\ud800é0aif".AsSpan());

        var outcome = PolicySet.ParseAll(text, [], CedarLimits.Default);

        (outcome.Value is null).ShouldBe(outcome.Findings.Length > 0);
        outcome.Findings.ShouldAllBe(finding => finding.Where.Start >= 0 && finding.Where.End <= text.Length && finding.Message.Length > 0);
        if (outcome.Value is { } policies) PolicySnapshot.CompileUnvalidated(policies).Authorize(RandomWorld.Requests(random, 1).First(), RandomWorld.Entities);
    });

    [Fact]
    public void Mutated_policies_as_JSON_are_answered_and_never_throw() => Laws.Hold(1_000, random =>
    {
        var json = Encoding.UTF8.GetString(Cedar.Policies(new RandomPolicies(random).Policies(2)).WriteJson());

        var outcome = PolicySet.ParseJson(Encoding.UTF8.GetBytes(Mutated(json, random, JsonLetters)), CedarLimits.Default);

        (outcome.Value is null).ShouldBe(outcome.Findings.Length > 0);
    });

    [Fact]
    public void Mutated_entities_are_answered_and_never_throw() => Laws.Hold(2_000, random =>
    {
        const string json = """[{"uid":{"type":"A::B","id":"\ud83d\ude00"},"attrs":{"a":[1,{"__entity":{"type":"T","id":"x"}}],"b":{"__extn":{"fn":"ip","arg":"::1"}}},"parents":[{"type":"A","id":"g"}],"tags":{"t":true}}]""";

        var outcome = EntityStore.ParseJson(Encoding.UTF8.GetBytes(Mutated(json, random, JsonLetters)), CedarLimits.Default);

        (outcome.Value is null).ShouldBe(outcome.Findings.Length > 0);
    });

    [Fact]
    public void Random_letters_of_JSON_are_answered_and_never_throw() => Laws.Hold(4_000, random =>
    {
        var bytes = Encoding.UTF8.GetBytes(random.GetItems<char>(JsonLetters, random.Next(12)));

        var record = RecordValue.ParseJson(bytes, CedarLimits.Default);
        var policies = PolicySet.ParseJson(bytes, CedarLimits.Default);

        (record.Value is null).ShouldBe(record.Findings.Length > 0);
        (policies.Value is null).ShouldBe(policies.Findings.Length > 0);
    });

    static string Mutated(string text, Random random, ReadOnlySpan<char> alphabet)
    {
        var mutated = new StringBuilder(text);

        for (var i = random.Next(1, 4); i > 0 && mutated.Length > 0; i--)
        {
            var at = random.Next(mutated.Length);

            switch (random.Next(3))
            {
                case 0: mutated.Remove(at, Math.Min(random.Next(1, 8), mutated.Length - at)); break;
                case 1: mutated.Insert(at, alphabet[random.Next(alphabet.Length)]); break;
                default: mutated[at] = alphabet[random.Next(alphabet.Length)]; break;
            }
        }

        return mutated.ToString();
    }
}
