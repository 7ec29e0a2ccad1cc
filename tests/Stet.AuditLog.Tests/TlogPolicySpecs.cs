namespace Stet.AuditLog.Tests;

public class TlogPolicySpecs
{
    static readonly string log = Notes.Log.Verifier.ToString();

    static readonly List<VerifierKey> keys =
    [
        .. Enumerable.Range(1, 5).Select(i =>
            new SignerKey($"witness.example/{i}", SignatureType.Cosignature, [.. Enumerable.Repeat((byte)i, 32)]).Verifier),
    ];

    static readonly string twoLevels =
        $"""
        # Who has to have seen a checkpoint.
        log {log} https://stet.example/audit

          witness X1 {keys[0]}
        witness	X2	{keys[1]} https://x2.example/
        witness X3 {keys[2]}
        group X-witnesses 2 X1 X2 X3

        witness Y1 {keys[3]}
        witness Y2 {keys[4]}
        group Y-witnesses any Y1 Y2
        	# both
        group X-and-Y all X-witnesses Y-witnesses
        quorum X-and-Y

        """;

    [Fact]
    public void Logs_and_witnesses_are_listed_with_their_addresses()
    {
        var policy = Policy(twoLevels);

        policy.Logs.Select(item => (item.Key.ToString(), item.Url)).ShouldBe([(log, "https://stet.example/audit")]);
        policy.Witnesses.Select(item => (item.Name, item.Key.ToString(), item.Url)).Take(2)
            .ShouldBe([("X1", keys[0].ToString(), null), ("X2", keys[1].ToString(), "https://x2.example/")]);
        policy.Witnesses.Count.ShouldBe(5);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("1", false)]
    [InlineData("12", false)]
    [InlineData("45", false)]
    [InlineData("14", false)]
    [InlineData("124", true)]
    [InlineData("135", true)]
    [InlineData("12345", true)]
    public void A_quorum_of_groups_is_met_when_each_of_them_is(string cosigned, bool met) =>
        Policy(twoLevels).IsMetBy(cosigned.Select(digit => keys[digit - '1'])).ShouldBe(met);

    [Fact]
    public void A_quorum_may_be_one_witness()
    {
        var policy = Policy($"witness a {keys[0]}\nwitness b {keys[1]}\nquorum b\n");

        policy.IsMetBy([keys[0]]).ShouldBeFalse();
        policy.IsMetBy([keys[1]]).ShouldBeTrue();
    }

    [Fact]
    public void A_key_that_is_no_witness_of_the_policy_does_not_count()
    {
        var policy = Policy($"witness a {keys[0]}\nquorum a\n");

        policy.IsMetBy([keys[1], Notes.Log.Verifier]).ShouldBeFalse();
        policy.IsMetBy([keys[0], keys[0]]).ShouldBeTrue();
    }

    [Fact]
    public void Two_signatures_of_one_witness_count_once() =>
        Policy($"witness a {keys[0]}\nwitness b {keys[1]}\ngroup g 2 a b\nquorum g\n")
            .IsMetBy([keys[0], keys[0]]).ShouldBeFalse();

    [Theory]
    [InlineData("quorum none")]
    [InlineData("quorum none\n")]
    [InlineData("\n \t\n#quorum x\n quorum\tnone \n")]
    public void No_quorum_is_met_by_nobody(string policy) => Policy(policy).IsMetBy([]).ShouldBeTrue();

    [Fact]
    public void A_chain_of_many_groups_is_evaluated()
    {
        var groups = Enumerable.Range(1, 20_000).Select(i => $"group g{i} all g{i - 1}\n");
        var policy = Policy($"witness g0 {keys[0]}\n{string.Concat(groups)}quorum g20000\n");

        policy.IsMetBy([keys[0]]).ShouldBeTrue();
        policy.IsMetBy([]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("quorum\n")]
    [InlineData("quorum a\n")]
    [InlineData("quorum none none\n")]
    [InlineData("quorum none\nquorum none\n")]
    [InlineData("quorum none # comment\n")]
    [InlineData("Quorum none\n")]
    [InlineData("quorum none\r\n")]
    [InlineData("quorum none\nmore\n")]
    [InlineData("log\nquorum none\n")]
    [InlineData("log LOG url more\nquorum none\n")]
    [InlineData("log A\nquorum none\n")]
    [InlineData("log LOG\nlog LOG\nquorum none\n")]
    [InlineData("log x+00000000+AA==\nquorum none\n")]
    [InlineData("witness A\nquorum none\n")]
    [InlineData("witness a\nquorum none\n")]
    [InlineData("witness a LOG\nquorum none\n")]
    [InlineData("witness none A\nquorum none\n")]
    [InlineData("witness a A\nwitness a B\nquorum none\n")]
    [InlineData("witness a A\nwitness b A\nquorum none\n")]
    [InlineData("witness a A url more\nquorum none\n")]
    [InlineData("witness a A\ngroup g\nquorum none\n")]
    [InlineData("witness a A\ngroup g all\nquorum none\n")]
    [InlineData("witness a A\ngroup g 0 a\nquorum none\n")]
    [InlineData("witness a A\ngroup g 2 a\nquorum none\n")]
    [InlineData("witness a A\ngroup g 01 a\nquorum none\n")]
    [InlineData("witness a A\ngroup g +1 a\nquorum none\n")]
    [InlineData("witness a A\ngroup g 4294967297 a\nquorum none\n")]
    [InlineData("witness a A\ngroup g some a\nquorum none\n")]
    [InlineData("witness a A\ngroup g all a a\nquorum none\n")]
    [InlineData("witness a A\ngroup g all a\ngroup h all a\nquorum none\n")]
    [InlineData("witness a A\ngroup a all a\nquorum none\n")]
    [InlineData("witness a A\ngroup none all a\nquorum none\n")]
    [InlineData("witness a A\ngroup g all g\nquorum none\n")]
    [InlineData("witness a A\ngroup g all none\nquorum none\n")]
    [InlineData("group g all a\nwitness a A\nquorum none\n")]
    [InlineData("quorum a\nwitness a A\n")]
    [InlineData("quorum none \u007f\n")]
    [InlineData("quorum none \u000b\n")]
    [InlineData("\ufeffquorum none\n")]
    public void What_is_not_a_policy_is_refused(string policy) =>
        Notes.Refusal(() => Policy(policy
                .Replace("LOG", log, StringComparison.Ordinal)
                .Replace(" A", $" {keys[0]}", StringComparison.Ordinal)
                .Replace(" B", $" {keys[1]}", StringComparison.Ordinal)))
            .ShouldNotBeEmpty();

    [Fact]
    public void One_public_key_is_not_two_witnesses_nor_witness_and_log()
    {
        var renamed = new VerifierKey("other.example", SignatureType.Cosignature, keys[0].PublicKey);
        var asLog = new VerifierKey("log.example", SignatureType.Ed25519, keys[0].PublicKey);

        Notes.Refusal(() => Policy($"witness a {keys[0]}\nwitness b {renamed}\nquorum none\n"))
            .ShouldBe("Line 2 of the policy: the key of `other.example` was in a line before: each key once.");
        Notes.Refusal(() => Policy($"witness a {keys[0]}\nlog {asLog}\nquorum none\n"))
            .ShouldStartWith("Line 2 of the policy: ");
    }

    [Fact]
    public void A_policy_that_is_not_utf8_is_refused() =>
        Notes.Refusal(() => TlogPolicy.Parse([.. "quorum none\n#"u8, 0xff])).ShouldContain("UTF-8");

    [Fact]
    public void Mutated_policies_are_read_or_refused() =>
        Mutation.NeverBreaks([Notes.Utf8(twoLevels)], bytes => TlogPolicy.Parse(bytes).IsMetBy(keys).ShouldBeOfType<bool>());

    static TlogPolicy Policy(string text) => TlogPolicy.Parse(Notes.Utf8(text));
}
