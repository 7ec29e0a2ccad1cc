using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using System.Web;
using Stet.Client.Api;
using Stet.Testing;

namespace Stet.Client.Tests.Api;

/// <summary>The client against the service's own description: what is added there is noticed here.</summary>
public class DescriptionSpecs
{
    /// <summary>Where paths start that the client has no calls for: what operators ask, and clients of AuthZEN alone.</summary>
    static readonly string[] otherPaths = ["/health", "/livez", "/readyz", "/metrics", "/.well-known/"];

    [Fact]
    public async Task Every_operation_of_the_service_has_its_call_and_no_call_goes_elsewhere()
    {
        var (described, calls) = (await DescriptionAsync(), await CallsAsync());

        calls.Select(c => OperationOf(described, c).Name).Distinct().Order()
            .ShouldBe(described.Where(o => !otherPaths.Any(o.Path.StartsWith)).Select(o => o.Name).Order());
    }

    [Fact]
    public async Task Every_parameter_of_a_query_can_be_said()
    {
        var (described, calls) = (await DescriptionAsync(), await CallsAsync());

        var said = calls.SelectMany(c => c.Parameters.Select(p => $"{OperationOf(described, c).Name}?{p}")).Distinct().ToHashSet();

        var known = described.Where(o => !otherPaths.Any(o.Path.StartsWith)).SelectMany(o => o.Parameters.Select(p => $"{o.Name}?{p}")).ToArray();
        // Receipts are asked for with a header, as everywhere.
        known.Where(p => !p.EndsWith("?receipt", StringComparison.Ordinal) && !said.Contains(p)).ShouldBeEmpty();
        said.Except(known).ShouldBeEmpty();
    }

    public static TheoryData<string, Type> Bodies => new()
    {
        { "CorrectionRequest", typeof(NewCorrection) }, { "PermissionsRequest", typeof(Permissions) },
        { "RevocationRequest", typeof(Revocation) }, { "CorrectionsRequest", typeof(NewCorrections) },
        { "SystemRequest", typeof(SystemSettings) }, { "LagAllowance", typeof(LagAllowance) },
        { "HeartbeatRequest", typeof(Heartbeat) }, { "Origin", typeof(ReportingProgram) },
        { "DefaultsRequest", typeof(NewDefaults) }, { "KeyRequest", typeof(NewSigningKey) },
        { "PolicyRequest", typeof(NewSignaturePolicy) }, { "ParametersRequest", typeof(SubmissionParameters) },
        { "ResolveRequest", typeof(NewResolution) },
        { "DraftRequest", typeof(NewCandidate) }, { "NamedPolicy", typeof(NamedPolicy) },
        { "NamedLink", typeof(TemplateLink) }, { "EntityName", typeof(EntityName) },
        { "DiffRequest", typeof(DiffRange) }, { "ApprovalRequest", typeof(Approval) },
        { "ActivationRequest", typeof(Activation) }, { "ReasonRequest", typeof(PolicyReason) },
        { "RetirementRequest", typeof(PolicyReason) }, { "RollbackRequest", typeof(Rollback) },
        { "PepRequest", typeof(PepSettings) }, { "AccessApprovalRequest", typeof(AccessNote) },
        { "AccessReasonRequest", typeof(AccessReason) }, { "AuditRequest", typeof(AuditBody) },
        { "ChangesRequest", typeof(ChangesBody) },
    };

    [Theory, MemberData(nameof(Bodies))]
    public async Task Every_member_of_a_body_can_be_said(string schema, Type type)
    {
        using var http = (await TestService.SharedAsync()).AnonymousClient();
        var description = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!;

        var members = ApiJson.Default.GetTypeInfo(type)!.Properties.Select(p => p.Name);

        members.Order().ShouldBe(description["components"]!["schemas"]![schema]!["properties"]!.AsObject().Select(p => p.Key).Order());
    }

    static Operation OperationOf(IReadOnlyList<Operation> described, Call call) =>
        described.Where(o => o.Matches(call)).MinBy(o => o.Path.Count(c => c == '{'))
        ?? throw new InvalidOperationException($"{call.Method} {call.Path} is not described");

    static async Task<IReadOnlyList<Operation>> DescriptionAsync()
    {
        using var http = (await TestService.SharedAsync()).AnonymousClient();
        var description = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!;
        return
        [
            .. from path in description["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               select new Operation(
                   operation.Key.ToUpperInvariant(), path.Key,
                   [.. (operation.Value!["parameters"]?.AsArray() ?? []).Where(p => (string)p!["in"]! == "query").Select(p => (string)p!["name"]!)]),
        ];
    }

    /// <summary>Makes every call there is, with every parameter, on a client that minds members it does not know.</summary>
    static async Task<IReadOnlyList<Call>> CallsAsync()
    {
        var service = await TestService.SharedAsync();
        var tenantId = TestService.NewTenantId();
        using var recorder = new Recorder();
        var strict = new ApiJson(new JsonSerializerOptions(ApiJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow });
        await EveryCall.MakeAsync(
            new People(actor => new StetClient(new Connection(
                new HttpClient(recorder, disposeHandler: false)
                {
                    BaseAddress = service.Address,
                    DefaultRequestHeaders = { { "X-Tenant-Id", tenantId }, { "X-Actor", actor } },
                },
                new StetClientOptions(), TimeProvider.System, strict))),
            tenantId);
        return recorder.Calls;
    }

    sealed record Call(string Method, string Path, IReadOnlyList<string> Parameters);

    sealed record Operation(string Method, string Path, IReadOnlyList<string> Parameters)
    {
        // The rest of a tile's path is one parameter.
        readonly Regex path = new(
            $"^{Regex.Replace(Path, "{[a-z_]+}", m => m.Value == "{path}" ? ".+" : "[^/]+", RegexOptions.None, TimeSpan.FromSeconds(1))}$",
            RegexOptions.None, TimeSpan.FromSeconds(1));

        public string Name => $"{Method} {Path}";

        public bool Matches(Call call) => Method == call.Method && path.IsMatch(call.Path);
    }

    sealed class Recorder() : DelegatingHandler(new SocketsHttpHandler())
    {
        readonly List<Call> calls = [];

        public IReadOnlyList<Call> Calls => calls;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var url = request.RequestUri!;
            calls.Add(new Call(
                request.Method.Method, url.AbsolutePath, [.. HttpUtility.ParseQueryString(url.Query).AllKeys.OfType<string>()]));
            return base.SendAsync(request, cancellationToken);
        }
    }
}
