namespace Stet.Cedar;

/// <summary>
/// The tests that several policies begin with, one bit each: the 64 that most begin with. One that is false for a request
/// rules out whatever else begins with it, without a look at the policy: nothing stands before it that could fail.
/// </summary>
sealed class SharedTests(CompiledPolicy[] policies)
{
    readonly Dictionary<Node, ulong> bits = policies
        .Where(policy => policy.FirstTest is not null)
        .CountBy(policy => policy.FirstTest!)
        .Where(test => test.Value > 1)
        .OrderByDescending(test => test.Value)
        .Take(64)
        .Select((test, i) => (Node: test.Key, Bit: 1UL << i))
        .ToDictionary(test => test.Node, test => test.Bit);

    /// <summary>The bit of a test; 0 when it has none.</summary>
    internal ulong BitOf(Node? test) => test is null ? 0 : bits.GetValueOrDefault(test);
}
