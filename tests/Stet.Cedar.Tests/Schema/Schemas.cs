using System.Text;

namespace Stet.Cedar.Tests;

/// <summary>Reads schemas that a test takes for granted, or refuses to.</summary>
static class Schemas
{
    /// <summary>People in teams in departments, folders within folders, and documents with labels as tags.</summary>
    internal const string Documents = """
        type Address = { city: String, street?: String };

        entity Department;
        entity Team in [Department];
        entity User in [Team] = {
            age: Long,
            name: String,
            nickname?: String,
            home?: Address,
            manager?: User,
            since: datetime,
            badges: Set<String>,
        };
        entity Folder in [Folder];
        entity Document in [Folder] = { owner: User, readers: Set<User>, secret?: Bool, score: decimal } tags String;
        entity Color enum ["red", "green"];

        action anything;
        action read, list in [anything] appliesTo {
            principal: [User], resource: [Document, Folder], context: { ip: ipaddr, mfa?: Bool, color?: Color }
        };
        action paint in [anything] appliesTo { principal: User, resource: Document };
        """;

    internal static Schema Of(string text) => Cedar.Value(Schema.Parse(text, CedarLimits.Default));

    internal static Schema OfJson(string json) => Cedar.Value(Schema.ParseJson(Encoding.UTF8.GetBytes(json), CedarLimits.Default));

    internal static string Json(this Schema schema) => Encoding.UTF8.GetString(schema.WriteJson());

    internal static Finding Refusal(string text, CedarLimits? limits = null)
    {
        var outcome = Schema.Parse(text, limits ?? CedarLimits.Default);
        outcome.Value.ShouldBeNull();
        return outcome.Findings.ShouldHaveSingleItem();
    }

    internal static Finding JsonRefusal(string json, CedarLimits? limits = null)
    {
        var outcome = Schema.ParseJson(Encoding.UTF8.GetBytes(json), limits ?? CedarLimits.Default);
        outcome.Value.ShouldBeNull();
        return outcome.Findings.ShouldHaveSingleItem();
    }
}
