using System.Security.Cryptography;
using Stet.Audit;

namespace Stet.Tests.Audit;

public sealed class InstallationKeysSpecs : IDisposable
{
    static readonly byte[] secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    static readonly WrappedKeyName name = new("11111111-1111-4111-8111-111111111111", "sign", "0badc0de");
    static readonly string first = Convert.ToBase64String(SHA256.HashData("first"u8));
    static readonly string second = Convert.ToBase64String(SHA256.HashData("second"u8));

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("stet-kek-");

    string KeyFile => Path.Combine(folder.FullName, "kek");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_wrapped_key_comes_back_and_is_wrapped_differently_each_time()
    {
        var keys = InstallationKeys.Load(first, KeyFile);

        var wrapped = keys.Wrap(secret, name);

        wrapped.Length.ShouldBe(12 + 32 + 16);
        keys.Unwrap(keys.CurrentId, wrapped, name).ShouldBe(secret);
        keys.Wrap(secret, name).ShouldNotBe(wrapped);
        File.Exists(KeyFile).ShouldBeFalse();
    }

    [Fact]
    public void The_first_key_wraps_and_all_unwrap()
    {
        var old = InstallationKeys.Load(first, KeyFile);
        var both = InstallationKeys.Load($"{second}, {first}", KeyFile);

        both.CurrentId.ShouldNotBe(old.CurrentId);
        both.Unwrap(old.CurrentId, old.Wrap(secret, name), name).ShouldBe(secret);
        Should.Throw<InstallationKeyException>(() => old.Unwrap(both.CurrentId, both.Wrap(secret, name), name))
            .Message.ShouldContain(both.CurrentId);
    }

    [Theory]
    [InlineData("22222222-1111-4111-8111-111111111111", "sign", "0badc0de")]
    [InlineData("11111111-1111-4111-8111-111111111111", "salt", "0badc0de")]
    [InlineData("11111111-1111-4111-8111-111111111111", "sign", "0badc0df")]
    public void A_wrapped_key_is_bound_to_tenant_kind_and_id(string tenant, string kind, string id)
    {
        var keys = InstallationKeys.Load(first, KeyFile);

        Should.Throw<InstallationKeyException>(() =>
            keys.Unwrap(keys.CurrentId, keys.Wrap(secret, name), new WrappedKeyName(tenant, kind, id)));
    }

    [Fact]
    public void Any_changed_byte_of_a_wrapped_key_is_noticed()
    {
        var keys = InstallationKeys.Load(first, KeyFile);
        var wrapped = keys.Wrap(secret, name);

        for (var i = 0; i < wrapped.Length; i++)
        {
            var altered = wrapped.ToArray();
            altered[i] ^= 1;
            Should.Throw<InstallationKeyException>(() => keys.Unwrap(keys.CurrentId, altered, name));
        }

        Should.Throw<InstallationKeyException>(() => keys.Unwrap(keys.CurrentId, wrapped[..20], name));
    }

    [Fact]
    public void Without_configuration_a_key_file_is_made_for_its_owner_alone_and_used_again()
    {
        var made = InstallationKeys.Load(null, KeyFile);

        File.GetUnixFileMode(KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        InstallationKeys.Load("", KeyFile).CurrentId.ShouldBe(made.CurrentId);
        folder.GetFiles().Length.ShouldBe(1);
    }

    [Fact]
    public void No_key_file_is_made_where_the_lost_one_has_wrapped_something()
    {
        Should.Throw<InstallationKeyException>(() => InstallationKeys.Load(null, KeyFile, () => "deadbeef")).Message.ShouldContain("deadbeef");

        folder.GetFiles().ShouldBeEmpty();
    }

    [Fact]
    public void A_key_file_that_others_can_read_is_refused()
    {
        InstallationKeys.Load(null, KeyFile);
        File.SetUnixFileMode(KeyFile, File.GetUnixFileMode(KeyFile) | UnixFileMode.GroupRead);

        Should.Throw<InstallationKeyException>(() => InstallationKeys.Load(null, KeyFile)).Message.ShouldContain("chmod 600");
    }

    [Theory]
    [InlineData("?hunter2?")]
    [InlineData("AAECAwQFBgcICQoLDA0ODw==")]
    public void A_malformed_key_is_refused_without_being_shown(string key) =>
        Should.Throw<InstallationKeyException>(() => InstallationKeys.Load(key, KeyFile)).Message.ShouldNotContain(key);

    [Fact]
    public void An_empty_key_file_is_refused()
    {
        using (File.Create(KeyFile)) File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Should.Throw<InstallationKeyException>(() => InstallationKeys.Load(null, KeyFile)).Message.ShouldContain("holds no key");
    }
}
