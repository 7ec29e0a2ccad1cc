using System.Text;
using System.Text.Json;
using Stet.Http;
using Stet.Policy.AuthZen;

namespace Stet.CommandLine;

/// <summary>Questions in a file: bodies of AuthZEN evaluations, in a list or one on each line.</summary>
static class RequestFile
{
    /// <summary>Reads all of them, each with its place.</summary>
    /// <exception cref="PolicyCommandException">One of them is no question.</exception>
    public static List<(string Place, AskedEvaluation Asked)> Read(string path)
    {
        var file = TextFile.Read(path);
        return file.Text.AsSpan().TrimStart().StartsWith('[') ? ReadList(file) : ReadLines(file);
    }

    static List<(string, AskedEvaluation)> ReadList(TextFile file)
    {
        var findings = new List<FileFinding>();
        var requests = file.Children(JsonValueKind.Array, findings).Select(child =>
        {
            using (child.Json) return Question(file.AtByte(child.Offset, ""), child.Json.RootElement.GetRawText());
        }).ToList();
        return findings is [var finding, ..] ? throw new PolicyCommandException(finding.ToString()) : requests;
    }

    static List<(string, AskedEvaluation)> ReadLines(TextFile file)
    {
        var requests = new List<(string, AskedEvaluation)>();
        var line = 0;
        foreach (var text in file.Text.Split('\n'))
        {
            line++;
            if (!string.IsNullOrWhiteSpace(text)) requests.Add(Question(new FileFinding(file.Path, new Cedar.TextPosition(line, 1), "", IsWarning: false), text));
        }

        return requests;
    }

    static (string, AskedEvaluation) Question(FileFinding at, string json)
    {
        try
        {
            var body = AuthZenBody.Parse(Encoding.UTF8.GetBytes(json));
            return new AskedReader(body.RootElement, default).Read(out var asked) is { } problem
                ? throw new PolicyCommandException((at with { Message = problem.ToString() }).ToString())
                : ($"{at.Path}:{at.Position.Line}", asked);
        }
        catch (BadRequestException e)
        {
            throw new PolicyCommandException((at with { Message = e.Message }).ToString(), e);
        }
    }
}
