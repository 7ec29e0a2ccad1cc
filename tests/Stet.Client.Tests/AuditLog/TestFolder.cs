namespace Stet.Client.Tests.AuditLog;

/// <summary>A folder that is gone after the test.</summary>
sealed class TestFolder : IDisposable
{
    public TestFolder() => Root = Directory.CreateTempSubdirectory("stet-client-").FullName;

    public string Root { get; }

    public string At(string path) => System.IO.Path.Combine(Root, path);

    public string Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string path, byte[] bytes)
    {
        var file = At(path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    /// <summary>What an export leaves: all resources of a log.</summary>
    public TestFolder Export(TestLog log)
    {
        foreach (var (path, bytes) in log.Resources()) Write(path, bytes);
        return this;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
