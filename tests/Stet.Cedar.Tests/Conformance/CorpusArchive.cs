using System.Formats.Tar;
using System.IO.Compression;

namespace Stet.Cedar.Tests.Conformance;

/// <summary>The fuzzed corpus, read once into memory.</summary>
static class CorpusArchive
{
    static readonly Lazy<IReadOnlyDictionary<string, string>> Archive = new(Read);

    /// <summary>The texts of all files, by their paths in the archive.</summary>
    internal static IReadOnlyDictionary<string, string> Files => Archive.Value;

    internal static List<string> Tests => [.. Files.Keys.Where(name => name.EndsWith(".json") && !name.EndsWith(".entities.json"))];

    static Dictionary<string, string> Read()
    {
        var files = new Dictionary<string, string>();
        using var archive = File.OpenRead(SharedData.PathOf("corpus-tests.tar.gz"));
        using var tar = new TarReader(new GZipStream(archive, CompressionMode.Decompress));

        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is not { } content) continue;
            using var reader = new StreamReader(content);
            files.Add(entry.Name, reader.ReadToEnd());
        }

        return files;
    }
}
