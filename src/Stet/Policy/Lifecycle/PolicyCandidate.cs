using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Stet.AuditLog;
using Stet.Cedar;
using Stet.Policy.AccessRequests;
using Stet.Policy.AuthZen;

namespace Stet.Policy.Lifecycle;

/// <summary>
/// A whole set of rules as it may come into force: policies, links, obligations, schema, tests. Its digests are computed
/// from what it says, so white space and comments change none of them.
/// </summary>
public sealed class PolicyCandidate
{
    PolicyCandidate(
        CandidateText text, PolicySet policies, Schema schema, ObligationCatalog obligations,
        ImmutableArray<PolicyTest> tests)
    {
        (Text, Policies, Schema, Obligations, Tests) = (text, policies, schema, obligations, tests);
        PolicySetDigest = Convert.ToHexStringLower(policies.ComputeDigest(obligations.CanonicalJson.Span));
        SchemaDigest = Convert.ToHexStringLower(schema.ComputeDigest());
        TestsDigest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.Tests)));
        Digest = DigestOf(PolicySetDigest, SchemaDigest, TestsDigest);
    }

    /// <summary>What it was read from, obligations and tests in canonical form.</summary>
    public CandidateText Text { get; }

    /// <summary>Policies, templates and links.</summary>
    public PolicySet Policies { get; }

    /// <summary>What policies may rely on.</summary>
    public Schema Schema { get; }

    /// <summary>What <c>@obligation</c> and <c>@advice</c> name.</summary>
    public ObligationCatalog Obligations { get; }

    /// <summary>What has to come out, in the order they were sent.</summary>
    public ImmutableArray<PolicyTest> Tests { get; }

    /// <summary>SHA-256 of the canonical JSON <c>{policy_set, schema, tests}</c> of the three digests: its name.</summary>
    public string Digest { get; }

    /// <summary>SHA-256 of the canonical JSON <c>{language, obligations, policies}</c>.</summary>
    public string PolicySetDigest { get; }

    /// <summary>SHA-256 of the schema's canonical JSON.</summary>
    public string SchemaDigest { get; }

    /// <summary>SHA-256 of the tests' canonical JSON.</summary>
    public string TestsDigest { get; }

    /// <summary>What may decide; null: it is not valid, and <see cref="Findings"/> say why.</summary>
    public ValidatedPolicies? ValidatedPolicies { get; private set; }

    /// <summary>Errors when it is not valid; else warnings, if any.</summary>
    public ImmutableArray<PolicyFinding> Findings { get; private set; } = [];

    /// <summary>Reads a candidate, validates it strictly and runs its tests.</summary>
    /// <param name="text">What was sent; obligations and tests in any JSON.</param>
    /// <param name="limits">How large its parts may be.</param>
    /// <param name="isStored">
    /// It was found valid before: rules that came later do not put it out of force, and its tests are not run.
    /// </param>
    /// <param name="cancel">Ends it early.</param>
    /// <returns>
    /// The candidate, valid or not; null when a part cannot be read, so that it has no digest, with the findings that
    /// say why. No text causes an exception.
    /// </returns>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public static (PolicyCandidate? Candidate, ImmutableArray<PolicyFinding> Findings) Read(
        CandidateText text, CedarLimits limits, bool isStored = false, CancellationToken cancel = default)
    {
        var found = new CandidateFindings(text);
        var policies = ReadPolicies(text, limits, isStored, found);
        var schema = text.Schema.AsSpan().TrimStart().StartsWith('{')
            ? Schema.ParseJson(Encoding.UTF8.GetBytes(text.Schema), limits)
            : Schema.Parse(text.Schema, limits);
        found.Add("schema", schema.Findings);
        var obligations = Canonical(text.Obligations, "obligations", found) is { } catalog
            ? ObligationCatalog.Read(catalog, found)
            : null;
        var list = Canonical(text.Tests, "tests", found);
        var tests = list is null ? null : PolicyTest.ReadAll(list, limits, schema.Value, found);
        if (policies is null || schema.Value is null || obligations is null || tests is null) return (null, found.All);

        var read = text with
        {
            Obligations = Encoding.UTF8.GetString(obligations.CanonicalJson.Span),
            Tests = Encoding.UTF8.GetString(list!),
        };
        var candidate = new PolicyCandidate(read, policies, schema.Value, obligations, [.. tests]);
        candidate.Validate(found, isStored, cancel);
        return (candidate, candidate.Findings);
    }

    /// <summary>What decides once this is in force.</summary>
    internal PolicyInForce Compile(ValidatedPolicies valid, long position) => new(
        PolicySnapshot.Compile(valid), Schema, Obligations, PolicySetDigest, SchemaDigest, Digest, position);

    void Validate(CandidateFindings found, bool isStored, CancellationToken cancel)
    {
        var validated = Schema.Validate(Policies, cancel);
        found.Add("policies", validated.Findings);
        Obligations.CheckNames(Policies, found);
        if (!isStored) Obligations.CheckSizes(found);
        AccessOffer.Check(Policies, found);
        SchemaCheck.Check(Schema, isStored, found);
        if (!isStored && validated.Value is { } valid && !found.HasErrors && !Tests.IsEmpty)
            PolicyTest.RunAll(Tests, Compile(valid, 0), found, cancel);

        Findings = found.All;
        ValidatedPolicies = found.HasErrors ? null : validated.Value;
    }

    static PolicySet? ReadPolicies(CandidateText text, CedarLimits limits, bool isStored, CandidateFindings found)
    {
        var before = found.Count;
        var links = new List<TemplateLink>(text.Links.Count);
        foreach (var link in text.Links)
        {
            if (Uid(link.Principal, out var principal) && Uid(link.Resource, out var resource))
                links.Add(new TemplateLink(new(link.Template), new(link.Id), principal, resource));
            else
                found.Error("link", "links", link.Id, "An entity of the link has no valid type: use identifiers joined by `::`.");
        }

        // Findings are placed by ids: a text whose id is taken is not looked at.
        var policies = new List<PolicyText>(text.Policies.Count);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < text.Policies.Count; i++)
        {
            var (id, policy) = text.Policies[i];
            if (ids.Add(id)) policies.Add(new PolicyText(new(id), policy));
            else found.Error("duplicate_id", "policies", id, $"At `/policies/{i}`: another policy has this id: give each its own.");
        }

        var set = PolicySet.Parse(policies.ToArray(), links.ToArray(), limits, isStored);
        found.Add("policies", set.Findings);
        return found.Count == before ? set.Value : null;
    }

    static bool Uid(EntityName? name, out EntityUid? uid)
    {
        uid = null;
        return name is null || EntityUid.TryCreate(name.Type, name.Id, out uid);
    }

    static byte[]? Canonical(string json, string part, CandidateFindings found)
    {
        var canonical = new ArrayBufferWriter<byte>(Math.Max(json.Length, 16));
        if (CanonicalJson.TryWrite(Encoding.UTF8.GetBytes(json), canonical, out var error)) return canonical.WrittenSpan.ToArray();

        found.Error("json", part, null, error.Pointer.Length == 0 ? error.Reason : $"At `{error.Pointer}`: {error.Reason}");
        return null;
    }

    static string DigestOf(string policySet, string schema, string tests) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes($$"""{"policy_set":"{{policySet}}","schema":"{{schema}}","tests":"{{tests}}"}""")));
}

/// <summary>Gathers what is wrong with a candidate; places become lines and columns of the texts they are in.</summary>
sealed class CandidateFindings(CandidateText text)
{
    const int Most = 1_000;

    readonly List<PolicyFinding> all = [];
    Dictionary<string, string>? policies;
    HashSet<string>? links;

    public int Count => all.Count;

    /// <summary>Whether anything but warnings was found.</summary>
    public bool HasErrors { get; private set; }

    public ImmutableArray<PolicyFinding> All => [.. all];

    public void Error(string code, string part, string? name, string message)
    {
        HasErrors = true;
        Warn(code, part, name, message);
    }

    public void Warn(string code, string part, string? name, string message) => Add(new PolicyFinding(code, part, name, null, null, message));

    public void Add(string part, ImmutableArray<Finding> findings)
    {
        foreach (var finding in findings)
        {
            HasErrors |= finding.Code is not (FindingCode.NeverSatisfied or FindingCode.DeceptiveText);
            var source = part == "schema" ? text.Schema : PolicyOf(finding.Policy?.Value);
            var isPlaced = source is not null && finding.Where != default;
            var place = isPlaced ? finding.Where.PositionIn(source) : default;
            var isOfLink = part == "policies" && IsLink(finding.Policy?.Value);
            Add(new PolicyFinding(
                JsonNamingPolicy.SnakeCaseLower.ConvertName(finding.Code.ToString()), isOfLink ? "links" : part, finding.Policy?.Value,
                isPlaced ? place.Line : null, isPlaced ? place.Column : null, finding.Message));
        }
    }

    bool IsLink(string? id) => id is not null && (links ??= [.. text.Links.Select(link => link.Id)]).Contains(id);

    void Add(PolicyFinding finding)
    {
        if (all.Count < Most) all.Add(finding with { Name = Recordable(finding.Name), Message = Recordable(finding.Message)! });
    }

    // Names may hold U+0000 by way of an escape. The log does not.
    static string? Recordable(string? text) => text?.Replace("\0", @"\0", StringComparison.Ordinal);

    // What a template's link does wrong stands in the template's text.
    string? PolicyOf(string? id)
    {
        if (id is null) return null;
        if (policies is null)
        {
            policies = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var policy in text.Policies) policies.TryAdd(policy.Id, policy.Text);
            foreach (var link in text.Links)
                if (policies.TryGetValue(link.Template, out var template)) policies.TryAdd(link.Id, template);
        }

        return policies.GetValueOrDefault(id);
    }
}
