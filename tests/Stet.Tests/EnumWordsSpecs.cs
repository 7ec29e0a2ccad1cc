using Stet.Corrections;

namespace Stet.Tests;

public class EnumWordsSpecs
{
    [Fact]
    public void Every_value_has_a_word_in_capitals_that_reads_back()
    {
        EnumWords<RevocationReason>.Capitals.All.ShouldBe(["WITHDRAWN", "REFUTED", "ENTERED_IN_ERROR", "EXPIRED"]);
        foreach (var reason in Enum.GetValues<RevocationReason>())
            EnumWords<RevocationReason>.Capitals.Read(EnumWords<RevocationReason>.Capitals.Of(reason)).ShouldBe(reason);
    }

    [Theory]
    [InlineData("LOST")]
    [InlineData("Expired")]
    [InlineData("")]
    public void What_is_no_word_is_an_error(string word) =>
        Should.Throw<InvalidDataException>(() => EnumWords<RevocationReason>.Capitals.Read(word)).Message.ShouldContain($"`{word}`");
}
