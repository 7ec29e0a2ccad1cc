using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Stet.Cedar.Tests.Conformance;

namespace Stet.Cedar.Tests.Schemata;

public class SchemaLaws
{
    static readonly string[] Pieces =
    [
        "entity", "action", "type", "namespace", "in", "appliesTo", "enum", "tags", "principal", "resource", "context", "Set", "A", "B::C",
        "__cedar::Long", "Long", "\"x\"", "{", "}", "[", "]", "<", ">", "(", ")", ":", "::", "?", "=", ",", ";", "@doc", "//", "\n", "\\", "\"", "1", "é",
    ];

    [Fact]
    public void Schemas_of_the_corpus_survive_all_its_forms()
    {
        // Every fifth is enough to meet all that schemas of the corpus are made of.
        var files = CorpusArchive.Files.Where(file => file.Key.EndsWith(".cedarschema")).Select(file => file.Value).Distinct()
            .Where((_, position) => position % 5 == 0).ToList();
        files.Count.ShouldBeGreaterThan(900);

        Parallel.ForEach(files, text =>
        {
            var schema = Schemas.Of(text);
            var json = schema.Json();

            Schemas.OfJson(json).Json().ShouldBe(json);

            var formatted = Formatted(text);
            Schemas.Of(formatted).Json().ShouldBe(json);
            Formatted(formatted).ShouldBe(formatted);
        });
    }

    [Fact]
    public void No_text_makes_the_reader_or_the_formatter_throw()
    {
        var mutated = from cut in Gen.Choose(0, Schemas.Documents.Length)
                      from removed in Gen.Choose(0, 12)
                      from piece in Gen.Elements(Pieces)
                      select Schemas.Documents[..cut] + piece + Schemas.Documents[Math.Min(cut + removed, Schemas.Documents.Length)..];
        var random = from pieces in Gen.ListOf(Gen.Elements(Pieces)) select string.Join(' ', pieces);

        Prop.ForAll(Gen.OneOf(mutated, random).ToArbitrary(), text =>
        {
            var outcome = Schema.Parse(text, CedarLimits.Default);
            (outcome.Value is null).ShouldBe(outcome.Findings.Length > 0);

            if (SchemaFormatter.Format(text, CedarLimits.Default).Value is not { } formatted) return;
            Formatted(formatted).ShouldBe(formatted);
            if (outcome.Value is { } schema) Schemas.Of(formatted).Json().ShouldBe(schema.Json());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void No_JSON_makes_the_reader_throw()
    {
        var json = Schemas.Of(Schemas.Documents).Json();
        var mutated = from cut in Gen.Choose(0, json.Length)
                      from removed in Gen.Choose(0, 12)
                      from piece in Gen.Elements("", "{}", "[]", "null", "1", "\"x\"", ",", "}", "{\"type\":\"Set\"}", "\"type\":\"T\",", "\\ud800")
                      select json[..cut] + piece + json[Math.Min(cut + removed, json.Length)..];

        Prop.ForAll(mutated.ToArbitrary(), text =>
        {
            var outcome = Schema.ParseJson(Encoding.UTF8.GetBytes(text), CedarLimits.Default);
            (outcome.Value is null).ShouldBe(outcome.Findings.Length > 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    static string Formatted(string text) => Cedar.Value(SchemaFormatter.Format(text, CedarLimits.Default));
}
