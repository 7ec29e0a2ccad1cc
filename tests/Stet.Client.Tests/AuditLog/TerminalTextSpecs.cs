using Stet.Client.AuditLog.CommandLine;

namespace Stet.Client.Tests.AuditLog;

public class TerminalTextSpecs
{
    [Theory]
    [InlineData("Ada, «Ω», 日本 \U0001F600", "Ada, «Ω», 日本 \U0001F600")]
    [InlineData("a\u001b[31mb\u0007", "a\uFFFD[31mb\uFFFD")]
    [InlineData("one\r\ntwo\tthree", "one\uFFFD\uFFFDtwo\uFFFDthree")]
    [InlineData("\u007f\u0085\u009b2J\u2028\u2029", "\uFFFD\uFFFD\uFFFD2J\uFFFD\uFFFD")]
    [InlineData("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD")]
    public void What_commands_a_terminal_is_replaced(string text, string shown) => TerminalText.Of(text).ShouldBe(shown);
}
