using FsCheck;
using FsCheck.Fluent;
using Stet.Http;

namespace Stet.Tests.Http;

public class CursorSpecs
{
    static readonly Cursor cursor = new("history");

    [Fact]
    public void A_cursor_brings_back_its_position() =>
        Prop.ForAll<long>(position => cursor.Read(cursor.Of(position)) == position).QuickCheckThrowOnFailure();

    [Fact]
    public void No_cursor_is_the_start() => cursor.Read(null).ShouldBeNull();

    [Fact]
    public void A_cursor_is_good_for_its_own_list_alone()
    {
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

        cursor.ReadId(cursor.Of(id)).ShouldBe(id);
        Should.Throw<BadRequestException>(() => cursor.Read(new Cursor("decisions").Of(7)));
        Should.Throw<BadRequestException>(() => cursor.ReadId(new Cursor("systems").Of(id)));
        Should.Throw<BadRequestException>(() => cursor.Read(cursor.Of(id)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAAAAAAAAA")]
    [InlineData("42")]
    [InlineData("AAAAAAAAAA!")]
    [InlineData("AAAAAAAAAA=")]
    [InlineData("AAAAAAAAAAAA")]
    [InlineData("ÄAAAAAAAAAA")]
    public void Anything_else_is_refused_by_name(string text) =>
        Should.Throw<BadRequestException>(() => cursor.Read(text)).Problem.Errors.Single().Pointer.ShouldBe("cursor");
}
