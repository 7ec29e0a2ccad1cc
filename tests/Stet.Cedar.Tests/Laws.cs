using FsCheck;
using FsCheck.Fluent;

namespace Stet.Cedar.Tests;

/// <summary>Checks laws on drawn input. Each run draws its own seeds; a failure names the one it came from.</summary>
static class Laws
{
    internal static void Hold(int tests, Action<Random> law) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(tests),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => law(new Random(seed))));
}
