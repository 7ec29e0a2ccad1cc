using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;

namespace Stet.Tests;

public sealed class SettingsFileSpecs
{
    [Fact]
    public void Settings_files_are_read_and_their_folder_is_not_watched()
    {
        var files = ((IConfigurationBuilder)StetApplication.NewBuilder("Production").Configuration).Sources.OfType<JsonConfigurationSource>().ToArray();

        files.Select(f => f.Path).ShouldBe(["appsettings.json", "appsettings.Production.json"]);
        files.ShouldAllBe(f => !f.ReloadOnChange);
    }
}
