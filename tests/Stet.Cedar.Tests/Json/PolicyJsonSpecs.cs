using System.Text;

namespace Stet.Cedar.Tests.Json;

public class PolicyJsonSpecs
{
    [Theory]
    [InlineData("1 + 2 - 3 == -4", """{"==":{"left":{"-":{"left":{"+":{"left":{"Value":1},"right":{"Value":2}}},"right":{"Value":3}}},"right":{"Value":-4}}}""")]
    [InlineData("!(true && false || true)", """{"!":{"arg":{"||":{"left":{"&&":{"left":{"Value":true},"right":{"Value":false}}},"right":{"Value":true}}}}}""")]
    [InlineData("-(2 * 3)", """{"neg":{"arg":{"*":{"left":{"Value":2},"right":{"Value":3}}}}}""")]
    [InlineData("if principal is A::B in resource then context.a else context[\"\\n\"]", """{"if-then-else":{"else":{".":{"attr":"\n","left":{"Var":"context"}}},"if":{"is":{"entity_type":"A::B","in":{"Var":"resource"},"left":{"Var":"principal"}}},"then":{".":{"attr":"a","left":{"Var":"context"}}}}}""")]
    [InlineData("context has a.b && context has \"a b\"", """{"&&":{"left":{"has":{"attr":["a","b"],"left":{"Var":"context"}}},"right":{"has":{"attr":"a b","left":{"Var":"context"}}}}}""")]
    [InlineData("context.a like \"*a\\**\"", """{"like":{"left":{".":{"attr":"a","left":{"Var":"context"}}},"pattern":["Wildcard",{"Literal":"a*"},"Wildcard"]}}""")]
    [InlineData("[1].contains({a: \"é\", b: User::\"x\"})", """{"contains":{"left":{"Set":[{"Value":1}]},"right":{"Record":{"a":{"Value":"é"},"b":{"Value":{"__entity":{"id":"x","type":"User"}}}}}}}""")]
    [InlineData("ip(\"::1\").isInRange(context.a)", """{"isInRange":[{"ip":[{"Value":"::1"}]},{".":{"attr":"a","left":{"Var":"context"}}}]}""")]
    [InlineData("[].isEmpty()", """{"isEmpty":{"arg":{"Set":[]}}}""")]
    [InlineData("action.hasTag(\"a\")", """{"hasTag":{"left":{"Var":"action"},"right":{"Value":"a"}}}""")]
    public void An_expression_has_one_form_in_JSON(string expression, string json)
    {
        Written($"permit(principal, action, resource) when {{ {expression} }};").ShouldContain($"\"conditions\":[{{\"body\":{json},\"kind\":\"when\"}}]");

        Read(When(json)).Conditions[0].Body.ShouldBe(Cedar.Expression(expression));
    }

    [Fact]
    public void A_policy_set_has_one_form_in_JSON()
    {
        var set = Cedar.Policies(
            """
            @flag @id("x")
            forbid(principal is User in Group::"g", action in [Action::"a", Action::"b"], resource == Doc::"d") unless { true };
            permit(principal in ?principal, action == Action::"a", resource is Doc in ?resource);
            """,
            new TemplateLink(new("policy1"), new("link"), new EntityUid("Group", "g"), new EntityUid("Folder", "f")));

        Encoding.UTF8.GetString(set.WriteJson()).ShouldBe(
            """{"staticPolicies":{"policy0":{"action":{"entities":[{"id":"a","type":"Action"},{"id":"b","type":"Action"}],"op":"in"},"annotations":{"flag":null,"id":"x"},"conditions":[{"body":{"Value":true},"kind":"unless"}],"effect":"forbid","principal":{"entity_type":"User","in":{"entity":{"id":"g","type":"Group"}},"op":"is"},"resource":{"entity":{"id":"d","type":"Doc"},"op":"=="}}},"templateLinks":[{"newId":"link","templateId":"policy1","values":{"?principal":{"id":"g","type":"Group"},"?resource":{"id":"f","type":"Folder"}}}],"templates":{"policy1":{"action":{"entity":{"id":"a","type":"Action"},"op":"=="},"conditions":[],"effect":"permit","principal":{"op":"in","slot":"?principal"},"resource":{"entity_type":"Doc","in":{"slot":"?resource"},"op":"is"}}}}""");

        var again = Cedar.Value(PolicySet.ParseJson(set.WriteJson(), CedarLimits.Default));
        again.Links.ShouldBe(set.Links);
        again.WriteJson().ShouldBe(set.WriteJson());
        again.Policies[0].Source.PolicyText.ShouldBe(PolicyFormatter.Format(set.Policies[0]).TrimEnd());
    }

    [Fact]
    public void A_value_in_a_policy_may_be_any_value()
    {
        Read(When("""{"Value":{"a":[{"__extn":{"fn":"ip","arg":"::1"}}]}}""")).Conditions[0].Body
            .ShouldBe(Cedar.Expression("{a: [ip(\"0:0:0:0:0:0:0:1\")]}"));

        Read(When("""{"Value":{"__extn":{"fn":"offset","args":[{"__extn":{"fn":"datetime","arg":"9999-12-31"}},{"__extn":{"fn":"duration","arg":"1d"}}]}}}"""))
            .Conditions[0].Body.ShouldBe(Cedar.Expression("datetime(\"1970-01-01\").offset(duration(\"2932897d\"))"));
    }

    [Theory]
    [InlineData("1", FindingCode.Json)]
    [InlineData("{}", FindingCode.Json)]
    [InlineData("""{"Value":1,"Var":"context"}""", FindingCode.Json)]
    [InlineData("""{"Value":null}""", FindingCode.Json)]
    [InlineData("""{"Value":1.0}""", FindingCode.IntegerRange)]
    [InlineData("""{"Value":9223372036854775808}""", FindingCode.IntegerRange)]
    [InlineData("""{"Value":{"__expr":"1"}}""", FindingCode.Json)]
    [InlineData("""{"Value":{"__entity":{"type":"A","id":"a"},"x":1}}""", FindingCode.Json)]
    [InlineData("""{"Value":{"__extn":{"fn":"ip","arg":"x"}}}""", FindingCode.ExtensionValue)]
    [InlineData("""{"Value":{"__extn":{"fn":"isIpv4","arg":"x"}}}""", FindingCode.UnknownFunction)]
    [InlineData("""{"Value":{"__extn":{"fn":"ip","arg":"::1"},"x":1}}""", FindingCode.Json)]
    [InlineData("""{"Value":{"__extn":{"fn":"ip","args":[]}}}""", FindingCode.UnknownFunction)]
    [InlineData("""{"Value":{"__extn":{"fn":"offset","args":[{"__extn":{"fn":"ip","arg":"::1"}},{"__extn":{"fn":"ip","arg":"::1"}}]}}}""", FindingCode.ExtensionValue)]
    [InlineData("""{"Value":{"__extn":{"fn":"offset","args":[1,2]}}}""", FindingCode.Json)]
    [InlineData("""{"Var":"nobody"}""", FindingCode.Json)]
    [InlineData("""{"Var":1}""", FindingCode.Json)]
    [InlineData("""{"Slot":"?principal"}""", FindingCode.UnknownFunction)]
    [InlineData("""{"fly":[]}""", FindingCode.UnknownFunction)]
    [InlineData("""{"isIpv4":[]}""", FindingCode.Arity)]
    [InlineData("""{"isIpv4":{}}""", FindingCode.Json)]
    [InlineData("""{"!":{}}""", FindingCode.Json)]
    [InlineData("""{"==":{"left":{"Value":1}}}""", FindingCode.Json)]
    [InlineData("""{"&&":{"left":{"Value":1},"right":2}}""", FindingCode.Json)]
    [InlineData("""{"+":{"left":1,"right":{"Value":1}}}""", FindingCode.Json)]
    [InlineData("""{"has":{"left":{"Var":"context"},"attr":[]}}""", FindingCode.Json)]
    [InlineData("""{"has":{"left":{"Var":"context"},"attr":["a b"]}}""", FindingCode.Json)]
    [InlineData("""{"has":{"left":{"Var":"context"},"attr":[1]}}""", FindingCode.Json)]
    [InlineData("""{"has":{"left":{"Var":"context"},"attr":1}}""", FindingCode.Json)]
    [InlineData("""{".":{"left":{"Var":"context"},"attr":1}}""", FindingCode.Json)]
    [InlineData("""{"is":{"left":{"Var":"context"},"entity_type":"if"}}""", FindingCode.Json)]
    [InlineData("""{"like":{"left":{"Var":"context"},"pattern":"a"}}""", FindingCode.Json)]
    [InlineData("""{"like":{"left":{"Var":"context"},"pattern":["a"]}}""", FindingCode.Json)]
    [InlineData("""{"Set":{}}""", FindingCode.Json)]
    [InlineData("""{"Record":[]}""", FindingCode.Json)]
    [InlineData("""{"Record":{"a":{"Value":1},"a":{"Value":1}}}""", FindingCode.DuplicateKey)]
    public void An_expression_of_another_form_is_refused(string json, FindingCode code)
    {
        var finding = PolicySet.ParseJson(Encoding.UTF8.GetBytes(When(json)), CedarLimits.Default).Findings.ShouldHaveSingleItem();

        finding.Code.ShouldBe(code);
        if (code != FindingCode.DuplicateKey) finding.Message.ShouldStartWith("At `/staticPolicies/a/conditions/0/body");
    }

    [Theory]
    [InlineData("\"effect\":\"allow\"", "\"effect\":\"permit\"")]
    [InlineData("\"effect\":1", "\"effect\":\"permit\"")]
    [InlineData("\"principal\":{\"op\":\"==\"}", "\"principal\":{\"op\":\"All\"}")]
    [InlineData("\"principal\":{\"op\":\"All\",\"slot\":\"?principal\"}", "\"principal\":{\"op\":\"All\"}")]
    [InlineData("\"principal\":{\"op\":\"==\",\"slot\":\"?resource\"}", "\"principal\":{\"op\":\"All\"}")]
    [InlineData("\"principal\":{\"op\":\"==\",\"slot\":\"?principal\"}", "\"principal\":{\"op\":\"All\"}")]
    [InlineData("\"principal\":{\"op\":\"in\",\"entities\":[]}", "\"principal\":{\"op\":\"All\"}")]
    [InlineData("\"principal\":{\"op\":\"is\",\"entity_type\":\"1\"}", "\"principal\":{\"op\":\"All\"}")]
    [InlineData("\"principal\":{\"op\":\"is\",\"entity_type\":\"A\",\"in\":{}}", "\"principal\":{\"op\":\"All\"}")]
    [InlineData("\"action\":{\"op\":\"==\",\"slot\":\"?action\"}", "\"action\":{\"op\":\"All\"}")]
    [InlineData("\"action\":{\"op\":\"is\",\"entity_type\":\"A\"}", "\"action\":{\"op\":\"All\"}")]
    [InlineData("\"action\":{\"op\":\"in\",\"entities\":1}", "\"action\":{\"op\":\"All\"}")]
    [InlineData("\"action\":{\"op\":\"==\",\"entity\":{\"type\":\"User\",\"id\":\"x\"}}", "\"action\":{\"op\":\"All\"}")]
    [InlineData("\"action\":{\"op\":\"in\",\"entities\":[{\"type\":\"A::User\",\"id\":\"x\"}]}", "\"action\":{\"op\":\"All\"}")]
    [InlineData("\"conditions\":[{\"kind\":\"if\",\"body\":{\"Value\":true}}]", "\"conditions\":[]")]
    [InlineData("\"conditions\":{}", "\"conditions\":[]")]
    [InlineData("\"conditions\":[],\"annotations\":{\"a b\":\"\"}", "\"conditions\":[]")]
    [InlineData("\"conditions\":[],\"annotations\":{\"a\":1}", "\"conditions\":[]")]
    [InlineData("\"conditions\":[],\"annotations\":[]", "\"conditions\":[]")]
    [InlineData("\"conditions\":[],\"x\":1", "\"conditions\":[]")]
    public void A_policy_of_another_form_is_refused(string wrong, string right)
    {
        const string policy = """{"staticPolicies":{"a":{"effect":"permit","principal":{"op":"All"},"action":{"op":"All"},"resource":{"op":"All"},"conditions":[]}}}""";

        var finding = PolicySet.ParseJson(Encoding.UTF8.GetBytes(policy.Replace(right, wrong)), CedarLimits.Default).Findings.ShouldHaveSingleItem();

        (finding.Code, finding.Policy).ShouldBe((FindingCode.Json, new PolicyId("a")));
    }

    [Theory]
    [InlineData("[]", FindingCode.Json)]
    [InlineData("{}", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":[]}", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":{},\"templates\":[]}", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":{},\"templateLinks\":{}}", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":{},\"templateLinks\":[1]}", FindingCode.Json)]
    [InlineData("""{"staticPolicies":{},"templateLinks":[{"templateId":"t","newId":"l","values":{"?x":{}}}]}""", FindingCode.Json)]
    [InlineData("""{"staticPolicies":{},"templateLinks":[{"templateId":"t","newId":"l","values":{"?principal":{}}}]}""", FindingCode.Json)]
    [InlineData("""{"staticPolicies":{},"templateLinks":[{"templateId":"t","newId":"l","values":{}}]}""", FindingCode.Link)]
    [InlineData("""{"staticPolicies":{},"templates":{"a":{"effect":"permit","principal":{"op":"All"},"action":{"op":"All"},"resource":{"op":"All"},"conditions":[]}}}""", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":{},\"staticPolicies\":{}}", FindingCode.DuplicateKey)]
    [InlineData("{\"staticPolicies\":", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":{}} 1", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":{\"\\ud800\":1}}", FindingCode.Json)]
    [InlineData("{\"staticPolicies\":{\"\\udc00\":1}}", FindingCode.Json)]
    public void A_policy_set_of_another_form_is_refused(string json, FindingCode code) =>
        PolicySet.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default).Findings.ShouldHaveSingleItem().Code.ShouldBe(code);

    [Fact]
    public void A_surrogate_pair_in_escapes_is_one_character() =>
        Cedar.Record("""{"\\\ud83d\ude00":"\uD83D\uDE00"}""").TryGet("\\😀", out var value).ShouldBe(value!.Equals(new StringValue("😀")));

    static Policy Read(string json) =>
        Cedar.Value(PolicySet.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default)).Policies.ShouldHaveSingleItem();

    static string Written(string text) => Encoding.UTF8.GetString(Cedar.Policies(text).WriteJson());

    static string When(string body) =>
        $$$$"""{"staticPolicies":{"a":{"effect":"permit","principal":{"op":"All"},"action":{"op":"All"},"resource":{"op":"All"},"conditions":[{"kind":"when","body":{{{{body}}}}}]}}}""";
}
