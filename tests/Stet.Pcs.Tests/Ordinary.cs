using System.Text;
using System.Text.Json.Nodes;
using Stet.Testing;

namespace Stet.Pcs.Tests;

/// <summary>One document of each version and the keys to them, varied with <c>with</c>.</summary>
static class Ordinary
{
    public const string Secret = "a-32-byte-secret-for-tests-only!";

    public static readonly DateTimeOffset Now = new(2026, 11, 21, 0, 8, 0, TimeSpan.Zero);

    public static readonly byte[] Seed =
        Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

    public static readonly byte[] PublicKey = AuditLog.Ed25519.Default.PublicKey(Seed);

    public static PcsDocument V01 => OrdinaryDocument.V01;

    public static PcsDocument V10 { get; } = V01.AsV10("k1", "acme", "2026-11-21T00:07:00Z");

    public static PcsKey Key01 { get; } = PcsKey.Hmac("old", PcsVersion.V01, Secret);

    public static PcsKey Key10 { get; } = PcsKey.Hmac("k1", PcsVersion.V10, Secret);

    public static PcsDocument Signed(this PcsDocument document) => PcsSignature.SignWithHmac(
        document, Secret, document.Version == PcsVersion.V01 ? PcsDialect.ABytes : PcsDialect.JcsHs256);

    public static string Form(this PcsDocument document, SignedFormKind form)
    {
        var text = new TextBuffer([]);
        SignedForm.Write(ref text, document, form);
        return Encoding.UTF8.GetString(text.ToArrayAndDispose());
    }

    public static string Canonical(this PcsDocument document, Extent extent)
    {
        var text = new TextBuffer([]);
        CanonicalForm.Write(ref text, document, extent);
        return Encoding.UTF8.GetString(text.ToArrayAndDispose());
    }

    public static string Text(this PcsDocument document) => Encoding.UTF8.GetString(document.ToJson());

    /// <summary>The code of the refusal, or null for a document.</summary>
    public static string? Refusal(string json) => Refusal(Encoding.UTF8.GetBytes(json));

    public static string? Refusal(byte[] json)
    {
        var isRead = PcsDocument.TryRead(json, out var document, out var refusal);
        (document is not null).ShouldBe(isRead);
        (refusal is null).ShouldBe(isRead);
        return refusal?.Code;
    }

    public static PcsDocument Read(byte[] json) =>
        PcsDocument.TryRead(json, out var document, out var refusal)
            ? document
            : throw new InvalidOperationException($"refused: {refusal.Code}");

    /// <summary>The text without a member.</summary>
    public static string Without(this PcsDocument document, string name)
    {
        var node = JsonNode.Parse(document.ToJson())!.AsObject();
        node.Remove(name);
        return node.ToJsonString();
    }

    /// <summary>The text with another value of a member.</summary>
    public static string With(this PcsDocument document, string name, JsonNode? value)
    {
        var node = JsonNode.Parse(document.ToJson())!;
        node[name] = value;
        return node.ToJsonString();
    }

    /// <summary>With the value's text as it stands.</summary>
    public static string WithRaw(this PcsDocument document, string name, string value) =>
        document.With(name, "RAW").Replace("\"RAW\"", value, StringComparison.Ordinal);
}
