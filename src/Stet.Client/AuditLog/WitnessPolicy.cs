using System.Text;
using Stet.Client.AuditLog.Formats;

namespace Stet.Client.AuditLog;

/// <summary>Whose cosignatures make a checkpoint good enough (C2SP tlog-policy).</summary>
public sealed class WitnessPolicy
{
    readonly Member quorum;

    WitnessPolicy(IReadOnlyList<AuditKey> logs, IReadOnlyList<AuditKey> witnesses, Member quorum)
    {
        (Logs, Witnesses) = (logs, witnesses);
        this.quorum = quorum;
    }

    /// <summary>Asks for no cosignature.</summary>
    public static WitnessPolicy None { get; } = new([], [], Member.Nobody);

    /// <summary>The log keys that a policy file names; empty for the other policies.</summary>
    public IReadOnlyList<AuditKey> Logs { get; }

    /// <summary>All witnesses that are known, needed for the quorum or not.</summary>
    public IReadOnlyList<AuditKey> Witnesses { get; }

    /// <summary>Asks for the cosignatures of some of these witnesses.</summary>
    /// <param name="witnesses">Keys of type 4, each once.</param>
    /// <param name="count">How many of them, 0 to all.</param>
    /// <exception cref="AuditException"><see cref="AuditOutcome.Usage"/>: a key of a log, one twice, or a count out of range.</exception>
    public static WitnessPolicy Of(IReadOnlyList<AuditKey> witnesses, int count)
    {
        ArgumentNullException.ThrowIfNull(witnesses);
        if (count < 0 || count > witnesses.Count)
            throw AuditException.Usage($"A quorum of {count} cannot be had from {witnesses.Count} witnesses: ask for 0 to {witnesses.Count}.");

        RequireRole(witnesses, AuditKeyRole.Witness);
        RequireDistinct(witnesses);
        return new([], [.. witnesses], new(null, count, [.. witnesses.Select(Member.Of)]));
    }

    /// <summary>
    /// Reads a policy file: one item per line, parted by spaces or tabs; lines that begin with <c>#</c> are comments.
    /// </summary>
    /// <exception cref="AuditException"><see cref="AuditOutcome.Usage"/>, with the number of the line.</exception>
    public static WitnessPolicy Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Parser().Read(text);
    }

    internal bool IsMetBy(IReadOnlySet<AuditKey> cosigners) => quorum.IsMetBy(cosigners);

    internal static void RequireRole(IEnumerable<AuditKey> keys, AuditKeyRole role)
    {
        foreach (var key in keys)
        {
            if (key.Role != role)
                throw AuditException.Usage($"The key `{key}` is not one of a {(role == AuditKeyRole.Log ? "log (type 1)" : "witness (type 4)")}.");
        }
    }

    /// <summary>One key is one voice, whatever names and roles it goes by.</summary>
    internal static void RequireDistinct(IEnumerable<AuditKey> keys)
    {
        var seen = new HashSet<string>();
        foreach (var key in keys)
        {
            if (!seen.Add(Convert.ToHexStringLower(key.PublicKey)))
                throw AuditException.Usage($"The key `{key}` is given twice, or both as a log's and as a witness's: give each key once.");
        }
    }

    /// <summary>A witness, or a group that speaks when enough of its members do.</summary>
    sealed record Member(AuditKey? Witness, int Threshold, IReadOnlyList<Member> Members)
    {
        public static Member Nobody { get; } = new(null, 0, []);

        public static Member Of(AuditKey witness) => new(witness, 0, []);

        public bool IsMetBy(IReadOnlySet<AuditKey> cosigners) =>
            Witness is { } witness ? cosigners.Contains(witness) : Members.Count(m => m.IsMetBy(cosigners)) >= Threshold;
    }

    sealed class Parser
    {
        readonly List<AuditKey> logs = [];
        readonly List<AuditKey> witnesses = [];
        readonly Dictionary<string, Member> members = [];
        readonly HashSet<string> grouped = [];
        Member? quorum;
        int lineNumber;

        public WitnessPolicy Read(string text)
        {
            foreach (var line in text.Split('\n'))
            {
                lineNumber++;
                if (line.Any(c => c is (< ' ' and not '\t') or '\u007f')) throw Refuse("control characters are not allowed, except tabs; lines end with a line feed alone");

                var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                if (words is not ([] or [['#', ..], ..])) ReadItem(words);
            }

            if (quorum is null) throw Refuse("the policy has no `quorum` line");
            RequireDistinct([.. logs, .. witnesses]);
            return new(logs, witnesses, quorum);
        }

        void ReadItem(string[] words)
        {
            switch (words)
            {
                case ["log", var key, .. { Length: <= 1 }]:
                    logs.Add(Key(key, AuditKeyRole.Log));
                    break;

                case ["witness", var name, var key, .. { Length: <= 1 }]:
                    var witness = Key(key, AuditKeyRole.Witness);
                    witnesses.Add(witness);
                    Define(name, Member.Of(witness));
                    break;

                case ["group", var name, var threshold, .. { Length: > 0 } names]:
                    Define(name, new(null, Threshold(threshold, names.Length), [.. names.Select(Take)]));
                    break;

                case ["quorum", var name] when quorum is null:
                    quorum = name == "none" ? Member.Nobody : Named(name);
                    break;

                case ["quorum", _]:
                    throw Refuse("there is a second `quorum`");

                default:
                    throw Refuse("is none of `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME all|any|K MEMBER…`, `quorum NAME|none`");
            }
        }

        static AuditKey Key(string text, AuditKeyRole role)
        {
            var key = AuditKey.Parse(text);
            RequireRole([key], role);
            return key;
        }

        int Threshold(string text, int count)
        {
            if (text == "all") return count;
            if (text == "any") return 1;
            if (!Strict.TryDecimal(Encoding.UTF8.GetBytes(text), out var k) || k < 1 || k > count)
                throw Refuse($"a group of {count} needs `all`, `any` or a number from 1 to {count}");

            return (int)k;
        }

        void Define(string name, Member member)
        {
            if (name == "none" || !members.TryAdd(name, member)) throw Refuse($"the name `{name}` is taken");
        }

        Member Named(string name) => members.GetValueOrDefault(name) ?? throw Refuse($"`{name}` is not defined above");

        Member Take(string name) => grouped.Add(name) ? Named(name) : throw Refuse($"`{name}` is in a group already");

        AuditException Refuse(string why) => AuditException.Usage($"Policy, line {lineNumber}: {why}.");
    }
}
