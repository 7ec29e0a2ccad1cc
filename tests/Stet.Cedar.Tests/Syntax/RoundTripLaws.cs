using System.Text;

namespace Stet.Cedar.Tests.Syntax;

public class RoundTripLaws
{
    [Fact]
    public void A_formatted_policy_says_the_same() => Laws.Hold(500, random =>
    {
        var policies = Drawn(random);

        foreach (var policy in policies.Policies)
            (Cedar.Policy(PolicyFormatter.Format(policy)) with { Id = policy.Id }).ShouldBe(policy);
    });

    [Fact]
    public void What_is_formatted_stays_as_it_is() => Laws.Hold(300, random =>
    {
        var text = Commented(new RandomPolicies(random).Policies(3), random);

        var formatted = Cedar.Value(PolicyFormatter.Format(text, CedarLimits.Default));

        Cedar.Value(PolicyFormatter.Format(formatted, CedarLimits.Default)).ShouldBe(formatted);
        Cedar.Policies(formatted).Policies.ShouldBe(Cedar.Policies(text).Policies);
    });

    [Fact]
    public void Formatting_loses_no_comment() => Laws.Hold(300, random =>
    {
        var text = Commented(new RandomPolicies(random).Policies(3), random);

        var formatted = Cedar.Value(PolicyFormatter.Format(text, CedarLimits.Default));

        CommentsOf(formatted).ShouldBe(CommentsOf(text));
    });

    [Fact]
    public void A_set_written_as_JSON_and_read_again_is_written_the_same() => Laws.Hold(500, random =>
    {
        var json = Drawn(random).WriteJson();

        var again = Cedar.Value(PolicySet.ParseJson(json, CedarLimits.Default));

        Encoding.UTF8.GetString(again.WriteJson()).ShouldBe(Encoding.UTF8.GetString(json));
    });

    [Fact]
    public void A_policy_decides_the_same_after_text_and_JSON() => Laws.Hold(200, random =>
    {
        var policies = Drawn(random);
        var formatted = PolicySet.Parse([.. policies.Policies.Select(policy => new PolicyText(policy.Id, PolicyFormatter.Format(policy)))], [], CedarLimits.Default);
        var json = PolicySet.ParseJson(policies.WriteJson(), CedarLimits.Default);

        foreach (var request in RandomWorld.Requests(random, 5))
        {
            var expected = RandomWorld.Shown(policies, request);
            RandomWorld.Shown(Cedar.Value(formatted), request).ShouldBe(expected);
            RandomWorld.Shown(Cedar.Value(json), request).ShouldBe(expected);
        }
    });

    static PolicySet Drawn(Random random) => Cedar.Policies(new RandomPolicies(random).Policies(3));

    // Between tokens: behind a comma, brace or semicolon outside of strings, which here hold none of them but `\u{`.
    static string Commented(string text, Random random)
    {
        var commented = new StringBuilder();
        var number = 0;

        foreach (var character in text)
        {
            var isEscape = character == '{' && commented[^1] == 'u';
            commented.Append(character);
            if (!isEscape && character is (',' or '{' or ';' or ')') && random.Next(4) == 0)
                commented.Append(random.Next(2) == 0 ? " " : "\n\n").Append($"// comment {number++}  \n").Append(random.Next(3) == 0 ? "\n" : "");
        }

        return commented.ToString();
    }

    static List<string> CommentsOf(string text) =>
        [.. text.Split('\n').Where(line => line.Contains("//")).Select(line => line[line.IndexOf("//", StringComparison.Ordinal)..].TrimEnd())];
}
