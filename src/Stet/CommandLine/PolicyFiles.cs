using System.Text;
using System.Text.Json;
using Stet.Cedar;
using Stet.Policy.Lifecycle;

namespace Stet.CommandLine;

/// <summary>
/// A candidate as it lies in files: <c>*.cedar</c> with policies that each have an <c>@id("...")</c>, one
/// <c>*.cedarschema</c> or <c>*.cedarschema.json</c>, and if wanted <c>links.json</c>, <c>obligations.json</c> and tests, the
/// JSON files of folders called <c>tests</c>.
/// </summary>
sealed class PolicyFiles
{
    public const string PolicyExtension = ".cedar";
    public const string SchemaExtension = ".cedarschema";
    const string SchemaJsonExtension = ".cedarschema.json";

    readonly List<PolicyPiece> policies = [];
    readonly List<FileFinding> findings = [];
    TextFile? schema;
    LinkFile? links;
    TextFile? obligations;

    /// <summary>The policies and templates, in the order of paths and places.</summary>
    public IReadOnlyList<PolicyPiece> Policies => policies;

    /// <summary>The tests, in the order of paths and places.</summary>
    public TestFiles Tests { get; } = new();

    /// <summary>What keeps the files from being put together; without any, <see cref="Text"/> stands for them.</summary>
    public IReadOnlyList<FileFinding> Findings => findings;

    /// <summary>The candidate, with the tests if they are wanted.</summary>
    public CandidateText Text(bool withTests) => new(
        new([.. policies.Select(p => new NamedPolicy(p.Id, p.Text))]), new([.. links?.Links ?? []]), obligations?.Text ?? "{}", schema!.Text,
        withTests ? Tests.Json() : "[]");

    /// <summary>Reads files, and folders with all below them.</summary>
    /// <exception cref="PolicyCommandException">A path leads nowhere, or a file cannot be read.</exception>
    public static PolicyFiles Read(IReadOnlyList<string> paths)
    {
        var files = new PolicyFiles();
        foreach (var path in Find(paths, [PolicyExtension, SchemaExtension, ".json"])) files.Add(path);
        if (files.policies.Count == 0 && files.findings.Count == 0) throw new PolicyCommandException("There is no policy in any `*.cedar` here.");
        if (files.schema is null) throw new PolicyCommandException("There is no schema: name a `*.cedarschema` or `*.cedarschema.json`, or its folder.");

        files.CheckIds();
        return files;
    }

    /// <summary>The named files, and those of the named folders that end in one of the extensions; in ordinal order.</summary>
    /// <exception cref="PolicyCommandException">A path leads nowhere.</exception>
    public static IReadOnlyList<string> Find(IReadOnlyList<string> paths, IReadOnlyList<string> extensions)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 16, IgnoreInaccessible = false };
        foreach (var path in paths)
        {
            if (File.Exists(path)) found.Add(path);
            else if (!Directory.Exists(path)) throw new PolicyCommandException($"`{path}` is neither a file nor a folder.");
            else
            {
                var files = Directory.EnumerateFiles(path, "*", options).Where(f => extensions.Any(e => f.EndsWith(e, StringComparison.Ordinal)));
                found.UnionWith(path == "." ? files.Select(f => Path.GetRelativePath(".", f)) : files);
            }
        }

        return [.. found];
    }

    /// <summary>Where a finding of the candidate stands in the files.</summary>
    public FileFinding Locate(PolicyFinding finding) => finding.Part switch
    {
        "policies" when policies.Find(p => p.Id == finding.Name) is { } piece => piece.At(finding),
        "policies" when finding.Name is null => policies[0].At(finding.Message),
        "links" when finding.Line is not null && TemplateOf(finding.Name) is { } template =>
            template.At(finding with { Message = $"{finding.Message} (By the link `{finding.Name}`.)" }),
        "links" => links!.At(finding.Name!, finding.Message),
        "obligations" when obligations is { } file => file.AtMember(finding.Name, finding.Message),
        "tests" => Tests.At(finding.Name, finding.Message),
        _ => new FileFinding(schema!.Path, new TextPosition(finding.Line ?? 1, finding.Column ?? 1), finding.Message, IsWarning(finding)),
    };

    // What a template does wrong when a link fills it stands in the template's text.
    PolicyPiece? TemplateOf(string? link) =>
        links!.Links.FirstOrDefault(its => its.Id == link) is { } found ? policies.Find(piece => piece.Id == found.Template) : null;

    /// <summary>Whether a candidate is valid in spite of a finding.</summary>
    public static bool IsWarning(PolicyFinding finding) => finding.Code is "never_satisfied" or "deceptive_text" or "approval_unread";

    void Add(string path)
    {
        var name = Path.GetFileName(path);
        if (name.EndsWith(PolicyExtension, StringComparison.Ordinal)) AddPolicies(TextFile.Read(path));
        else if (name.EndsWith(SchemaExtension, StringComparison.Ordinal) || name.EndsWith(SchemaJsonExtension, StringComparison.Ordinal))
            Only(ref schema, path, "schema");
        else if (name == "obligations.json") Only(ref obligations, path, "catalogue of obligations");
        else if (name == "links.json")
        {
            if (links is not null) throw new PolicyCommandException($"`{path}` is a second list of links beside `{links.File.Path}`: a candidate has one.");
            links = LinkFile.Read(TextFile.Read(path), findings);
        }
        else if (Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) == TestFiles.Folder) Tests.Add(TextFile.Read(path), findings);
    }

    static void Only(ref TextFile? file, string path, string what)
    {
        if (file is not null) throw new PolicyCommandException($"`{path}` is a second {what} beside `{file.Path}`: a candidate has one.");
        file = TextFile.Read(path);
    }

    void AddPolicies(TextFile file)
    {
        var parsed = PolicySet.ParseAll(file.Text, [], CedarLimits.Default);
        if (parsed.Value is not { } set)
        {
            foreach (var finding in parsed.Findings) findings.Add(file.At(finding.Where, finding.Message));
            return;
        }

        var begin = 0;
        foreach (var policy in set.Policies.AddRange(set.Templates).OrderBy(p => p.Source.Where.Start))
        {
            var where = policy.Source.Where;
            if (policy.FindAnnotation("id") is not { } id)
                findings.Add(file.At(where, "The policy has no id: write `@id(\"...\")` above it."));
            else if (!new PolicyId(id.Value!).IsValid)
                findings.Add(file.At(id.Where, "An id has 1 to 128 of `a-z 0-9 . _ -`, beginning with a letter or digit."));
            else
                policies.Add(PolicyPiece.Of(file, id.Value!, begin, where.End));

            begin = where.End;
        }
    }

    void CheckIds()
    {
        var first = new Dictionary<string, PolicyPiece>(StringComparer.Ordinal);
        foreach (var piece in policies)
            if (!first.TryAdd(piece.Id, piece))
                findings.Add(piece.At($"The id `{piece.Id}` is taken by the policy at {first[piece.Id].Place}."));
    }
}

/// <summary>One policy of a file, with the comments before it.</summary>
/// <param name="File">Where it stands.</param>
/// <param name="Id">Of its annotation.</param>
/// <param name="Start">Where its text begins in the file's.</param>
/// <param name="Text">Its piece of the file's text.</param>
sealed record PolicyPiece(TextFile File, string Id, int Start, string Text)
{
    public static PolicyPiece Of(TextFile file, string id, int begin, int end)
    {
        var piece = file.Text.AsSpan(begin, end - begin);
        var text = piece.TrimStart().ToString();
        return new PolicyPiece(file, id, end - text.Length, text);
    }

    /// <summary>As findings name it.</summary>
    public string Place
    {
        get
        {
            var position = new TextSpan(Start, 0).PositionIn(File.Text);
            return $"{File.Path}:{position.Line}:{position.Column}";
        }
    }

    public FileFinding At(string message) => File.At(new TextSpan(Start, 0), message);

    /// <summary>A finding whose place, if it has one, is within the policy's own text.</summary>
    public FileFinding At(PolicyFinding finding)
    {
        var start = new TextSpan(Start, 0).PositionIn(File.Text);
        var (line, column) = (finding.Line ?? 1, finding.Column ?? 1);
        return new FileFinding(
            File.Path, new TextPosition(start.Line + line - 1, line == 1 ? start.Column + column - 1 : column), finding.Message,
            PolicyFiles.IsWarning(finding));
    }
}

/// <summary>The links of templates: a list of <c>{templateId, newId, values}</c>, as policy sets in JSON have it.</summary>
sealed class LinkFile
{
    readonly Dictionary<string, long> places = new(StringComparer.Ordinal);
    readonly List<NamedLink> links = [];

    LinkFile(TextFile file) => File = file;

    public TextFile File { get; }

    public IReadOnlyList<NamedLink> Links => links;

    public static LinkFile Read(TextFile file, List<FileFinding> findings)
    {
        var read = new LinkFile(file);
        foreach (var (_, offset, json) in file.Children(JsonValueKind.Array, findings))
        {
            using (json)
            {
                if (LinkOf(json.RootElement) is not { } link)
                    findings.Add(file.AtByte(offset, "A link is `{templateId, newId, values}`, and values `{\"?principal\": {type, id}, \"?resource\": {type, id}}`."));
                else
                {
                    read.links.Add(link);
                    read.places[link.Id] = offset; // of two with one id, the second is wrong
                }
            }
        }

        return read;
    }

    public FileFinding At(string link, string message) => File.AtByte(places[link], message);

    static NamedLink? LinkOf(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || json.GetPropertyCount() != 3
            || TextOf(json, "templateId") is not { } template || TextOf(json, "newId") is not { } id
            || !json.TryGetProperty("values", out var values) || values.ValueKind != JsonValueKind.Object) return null;

        EntityName? principal = null, resource = null;
        foreach (var slot in values.EnumerateObject())
        {
            if (EntityOf(slot.Value) is not { } entity) return null;

            switch (slot.Name)
            {
                case "?principal": principal = entity; break;
                case "?resource": resource = entity; break;
                default: return null;
            }
        }

        return new NamedLink(template, id, principal, resource);
    }

    static EntityName? EntityOf(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && TextOf(json, "type") is { } type && TextOf(json, "id") is { } id ? new EntityName(type, id) : null;

    static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}

/// <summary>Places in files of JSON.</summary>
static class JsonFiles
{
    /// <summary>The elements of a list or the members of an object, each with its place in UTF-8.</summary>
    /// <param name="file">Holds one such value.</param>
    /// <param name="kind">An array or an object; anything else is a finding.</param>
    /// <param name="findings">Gets what is wrong.</param>
    /// <param name="wanted">What the file has to hold, in words; null: the kind says it.</param>
    public static List<(string? Name, long Offset, JsonDocument Json)> Children(
        this TextFile file, JsonValueKind kind, List<FileFinding> findings, string? wanted = null)
    {
        var children = new List<(string?, long, JsonDocument)>();
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(file.Text));
        try
        {
            reader.Read();
            if (reader.TokenType != (kind == JsonValueKind.Array ? JsonTokenType.StartArray : JsonTokenType.StartObject))
            {
                findings.Add(file.AtByte(reader.TokenStartIndex, $"The file has to hold {wanted ?? (kind == JsonValueKind.Array ? "a list" : "an object")}."));
                return children;
            }

            while (reader.Read() && reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject))
            {
                var (name, offset) = ((string?)null, reader.TokenStartIndex);
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    name = reader.GetString();
                    reader.Read();
                }

                children.Add((name, offset, JsonDocument.ParseValue(ref reader)));
            }

            while (reader.Read()) { }
        }
        catch (JsonException e)
        {
            findings.Add(new FileFinding(
                file.Path, new TextPosition((int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1), "The JSON is malformed here.", IsWarning: false));
        }

        return children;
    }

    /// <summary>What is to be said about a member of a file's object; about the file when it has no such member.</summary>
    public static FileFinding AtMember(this TextFile file, string? name, string message)
    {
        var offset = 0L;
        foreach (var (member, place, json) in file.Children(JsonValueKind.Object, []))
        {
            json.Dispose();
            if (member == name) offset = place;
        }

        return file.AtByte(offset, message);
    }
}
