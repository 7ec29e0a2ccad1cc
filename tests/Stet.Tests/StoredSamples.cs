using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stet.EventStore;

namespace Stet.Tests;

/// <summary>The JSON of every event shape ever stored: <c>Stored/{stored name}.json</c> of each context. A file there never changes.</summary>
static class StoredSamples
{
    public static EventCatalog Catalog { get; } = StetApplication.Contexts().Catalog;

    /// <summary>A sample; the part of its name before the first dot is the stored name.</summary>
    public static string Read(string context, string file)
    {
        using var stream = typeof(StoredSamples).Assembly.GetManifestResourceStream($"Stet.Tests.{context}.Stored.{file}.json")
            ?? throw new FileNotFoundException($"{context}/Stored/{file}.json is missing; today it would be written by ShouldRoundTrip");
        return new StreamReader(stream).ReadToEnd().TrimEnd('\n');
    }

    /// <summary>The sample is read as the event, and the event is still written like the sample.</summary>
    public static void ShouldRoundTrip(string context, string file, object e)
    {
        Written(e).ShouldBe(Read(context, file));
        Catalog.Read(file.Split('.')[0], Encoding.UTF8.GetBytes(Read(context, file))).ShouldBe(e);
    }

    /// <summary>No event of a namespace goes without a sample.</summary>
    public static void ShouldCover(IEnumerable<string> files, Type anyEvent) =>
        files.Select(f => f.Split('.')[0]).Distinct().Order().ShouldBe(
            Catalog.Types.Where(t => t.ClrType.Namespace == anyEvent.Namespace).Select(t => t.StoredName).Order());

    static string Written(object e)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Catalog.TypeOf(e).Write(e, json);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
