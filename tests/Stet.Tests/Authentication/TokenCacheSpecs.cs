using System.Text;
using Stet.Authentication;

namespace Stet.Tests.Authentication;

public class TokenCacheSpecs
{
    static readonly KeySet NoKeys = KeySet.Parse("""{"keys":[]}"""u8.ToArray(), (_, _, _) => false);

    [Fact]
    public void It_never_holds_more_than_its_capacity()
    {
        var cache = new TokenCache(capacity: 100);

        for (var i = 0; i < 1000; i++) cache.Add(Hash(i), Known);

        Enumerable.Range(0, 1000).Count(i => cache.Find(Hash(i)) is not null).ShouldBeInRange(50, 100);
    }

    [Fact]
    public void What_is_used_stays()
    {
        var cache = new TokenCache(capacity: 100);
        var hot = new KnownToken(Known.Verification, Known.GoodUntil, NoKeys);
        cache.Add(Hash(-1), hot);

        for (var i = 0; i < 1000; i++)
        {
            cache.Add(Hash(i), Known);
            cache.Find(Hash(-1)).ShouldBeSameAs(hot);
        }
    }

    static KnownToken Known { get; } = new(TokenValidation.Refused(TokenFault.None), Ordinary.Tuesday, NoKeys);

    static TokenHash Hash(int token) => TokenHash.Of(Encoding.ASCII.GetBytes($"{token}"));
}
