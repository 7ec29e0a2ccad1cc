namespace Stet.Cedar.Tests.Schemata;

public class SchemaFormatterSpecs
{
    [Fact]
    public void A_schema_is_laid_out_in_one_way() =>
        Formatted("""
            // Who asks.
            entity   Team,Group;entity User in[Team,]={name:String,"e mail"?:String,home:{city:String,flat?:{}},tags:Set<Set<User>>}tags Set<String>;
            @doc ("what")@internal action read,"write all"in[anything,Action::"x"]appliesTo{principal:[User,Team],resource:User,context:{}}; // last
            namespace A::B{type T=__cedar::Long;

            // inside
            entity C enum["a","b"];}
            """).ShouldBe("""
            // Who asks.
            entity Team, Group;

            entity User in [Team] = {
                name: String,
                "e mail"?: String,
                home: {
                    city: String,
                    flat?: {},
                },
                tags: Set<Set<User>>,
            } tags Set<String>;

            @doc("what")
            @internal
            action read, "write all" in [anything, Action::"x"] appliesTo {
                principal: [User, Team],
                resource: User,
                context: {},
            }; // last

            namespace A::B {
                type T = __cedar::Long;

                // inside
                entity C enum ["a", "b"];
            }

            """);

    [Fact]
    public void Lists_that_do_not_fit_take_a_line_for_each_part() =>
        Formatted("action a in [\"some quite long name\", \"another quite long name\", \"a third quite long name\", \"a fourth one\"];")
            .ShouldBe("""
                action a in [
                    "some quite long name",
                    "another quite long name",
                    "a third quite long name",
                    "a fourth one",
                ];

                """);

    [Fact]
    public void Names_that_do_not_fit_go_on_in_the_next_line() =>
        Formatted($"entity {string.Join(',', Enumerable.Range(10, 12).Select(i => $"SomeName{i}"))};").ShouldBe("""
            entity SomeName10, SomeName11, SomeName12, SomeName13, SomeName14, SomeName15, SomeName16,
                SomeName17, SomeName18, SomeName19, SomeName20, SomeName21;

            """);

    [Fact]
    public void Comments_stay_where_they_are() =>
        Formatted("""
            // A licence.

            // About A.
            entity A = { // opens
              // first
              x: Long // no comma yet
              // before the end
            }; // behind
            entity B enum [ // ids
              "a"];
            // the end
            """).ShouldBe("""
            // A licence.

            // About A.
            entity A = { // opens
                // first
                x: Long, // no comma yet
                // before the end
            }; // behind

            entity B enum [ // ids
                "a",
            ];
            // the end

            """);

    [Theory]
    [InlineData("", "")]
    [InlineData("// only this", "// only this\n")]
    [InlineData("namespace N {}", "namespace N {}\n")]
    [InlineData("namespace N { // c\n }", "namespace N { // c\n}\n")]
    [InlineData("entity A; entity B;\n\n\n\nentity C;", "entity A;\nentity B;\n\nentity C;\n")]
    [InlineData("namespace N { entity A; } entity B;", "namespace N {\n    entity A;\n}\n\nentity B;\n")]
    [InlineData("entity A = { @doc(\"x\") @y x: Long };", "entity A = {\n    @doc(\"x\")\n    @y\n    x: Long,\n};\n")]
    public void Small_cases_come_out_as_expected(string text, string expected) => Formatted(text).ShouldBe(expected);

    [Fact]
    public void A_schema_with_a_mistake_is_not_formatted() =>
        SchemaFormatter.Format("entity", CedarLimits.Default).ShouldSatisfyAllConditions(
            outcome => outcome.Value.ShouldBeNull(),
            outcome => outcome.Findings.Single().Code.ShouldBe(FindingCode.Syntax));

    /// <summary>The text laid out, which stays as it is from then on.</summary>
    static string Formatted(string text)
    {
        var formatted = Cedar.Value(SchemaFormatter.Format(text, CedarLimits.Default));

        Cedar.Value(SchemaFormatter.Format(formatted, CedarLimits.Default)).ShouldBe(formatted);
        return formatted;
    }
}
