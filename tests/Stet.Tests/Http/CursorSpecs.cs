using FsCheck;
using FsCheck.Fluent;
using Stet.Http;

namespace Stet.Tests.Http;

public class CursorSpecs
{
    [Fact]
    public void A_cursor_brings_back_its_position() =>
        Prop.ForAll<long>(position => Cursor.Read(Cursor.Of(position)) == position).QuickCheckThrowOnFailure();

    [Fact]
    public void No_cursor_is_the_start() => Cursor.Read(null).ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("AAAAAAAAAA!")]
    [InlineData("AAAAAAAAAA=")]
    [InlineData("AAAAAAAAAAAA")]
    [InlineData("ÄAAAAAAAAAA")]
    public void Anything_else_is_refused_by_name(string text) =>
        Should.Throw<BadRequestException>(() => Cursor.Read(text)).Problem.Errors.Single().Pointer.ShouldBe("cursor");
}
