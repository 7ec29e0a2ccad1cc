namespace Stet.AuditLog;

/// <summary>Which logs and witnesses count, and which witnesses have to have cosigned (C2SP tlog-policy).</summary>
public sealed class TlogPolicy
{
    const string None = "none";

    readonly IReadOnlyList<Group> groups;
    readonly string quorum;

    TlogPolicy(
        IReadOnlyList<PolicyLog> logs, IReadOnlyList<PolicyWitness> witnesses, IReadOnlyList<Group> groups,
        string quorum)
    {
        (Logs, Witnesses) = (logs, witnesses);
        (this.groups, this.quorum) = (groups, quorum);
    }

    /// <summary>Any of these logs is accepted; there may be none.</summary>
    public IReadOnlyList<PolicyLog> Logs { get; }

    /// <summary>All witnesses, whether or not the quorum takes them.</summary>
    public IReadOnlyList<PolicyWitness> Witnesses { get; }

    /// <summary>
    /// Reads a policy: one item per line, parted by spaces or tabs; lines that begin with <c>#</c> are comments.
    /// </summary>
    /// <exception cref="AuditLogFormatException">It is not a policy; the message names line and reason.</exception>
    public static TlogPolicy Parse(ReadOnlySpan<byte> policy)
    {
        var text = StrictText.FromUtf8(policy, "policy");
        var reader = new Reader();
        foreach (var (i, line) in text.Split('\n').Index())
        {
            try
            {
                reader.Read(line);
            }
            catch (AuditLogFormatException wrong)
            {
                throw new AuditLogFormatException($"Line {i + 1} of the policy: {wrong.Message}");
            }
        }

        return reader.Policy();
    }

    /// <summary>Whether enough witnesses have cosigned.</summary>
    /// <param name="cosigned">Keys of which good signatures are at hand; those of no witness here do not count.</param>
    public bool IsMetBy(IEnumerable<VerifierKey> cosigned)
    {
        if (quorum == None) return true;

        var keys = cosigned.Select(key => key.ToString()).ToHashSet();
        var satisfied = Witnesses
            .Where(witness => keys.Contains(witness.Key.ToString())).Select(witness => witness.Name).ToHashSet();

        // Members come before their group, so one pass is enough.
        foreach (var group in groups)
            if (group.Members.Count(satisfied.Contains) >= group.Threshold) satisfied.Add(group.Name);

        return satisfied.Contains(quorum);
    }

    sealed record Group(string Name, int Threshold, IReadOnlyList<string> Members);

    sealed class Reader
    {
        readonly List<PolicyLog> logs = [];
        readonly List<PolicyWitness> witnesses = [];
        readonly List<Group> groups = [];
        readonly HashSet<string> names = [];
        readonly HashSet<string> members = [];
        readonly HashSet<string> publicKeys = [];
        string? quorum;

        public void Read(string line)
        {
            if (line.Any(character => character is (< ' ' and not '\t') or '\u007f'))
                throw new AuditLogFormatException("control characters are not allowed, except tabs.");

            var items = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            switch (items)
            {
                case []:
                case [['#', ..], ..]:
                    break;
                case ["log", var key]:
                    logs.Add(new PolicyLog(Key(key, SignatureType.Ed25519), null));
                    break;
                case ["log", var key, var url]:
                    logs.Add(new PolicyLog(Key(key, SignatureType.Ed25519), url));
                    break;
                case ["witness", var name, var key]:
                    witnesses.Add(new PolicyWitness(Defined(name), Key(key, SignatureType.Cosignature), null));
                    break;
                case ["witness", var name, var key, var url]:
                    witnesses.Add(new PolicyWitness(Defined(name), Key(key, SignatureType.Cosignature), url));
                    break;
                case ["group", var name, var threshold, _, ..]:
                    groups.Add(GroupOf(name, threshold, items[3..]));
                    break;
                case ["quorum", var name]:
                    SetQuorum(name);
                    break;
                default:
                    throw new AuditLogFormatException(
                        "it is none of `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME all|any|K MEMBER…` " +
                        "and `quorum NAME|none`.");
            }
        }

        public TlogPolicy Policy() =>
            new(logs, witnesses, groups,
                quorum ?? throw new AuditLogFormatException("The policy has no quorum line: add `quorum NAME|none`."));

        string Defined(string name) =>
            name != None && names.Add(name)
                ? name
                : throw new AuditLogFormatException($"the name `{name}` is taken: choose another.");

        VerifierKey Key(string vkey, SignatureType type)
        {
            var key = VerifierKey.Parse(vkey);
            if (key.Type != type)
                throw new AuditLogFormatException($"the key of `{key.Name}` is of type {key.Type}, not {type}.");

            // By the key itself: one holder must not count twice, whatever names he gives it.
            return publicKeys.Add(Convert.ToHexString(key.PublicKey))
                ? key
                : throw new AuditLogFormatException($"the key of `{key.Name}` was in a line before: each key once.");
        }

        Group GroupOf(string name, string threshold, string[] listed)
        {
            foreach (var member in listed)
            {
                RequireDefined(member);
                if (!members.Add(member))
                    throw new AuditLogFormatException($"`{member}` is a member of a group already: each name once.");
            }

            var least = threshold switch { "any" => 1, "all" => listed.Length, _ => Number(threshold) };
            if (least < 1 || least > listed.Length)
            {
                throw new AuditLogFormatException(
                    $"a group of {listed.Length} takes `all`, `any` or a number up to that.");
            }

            // Defined last: a group is no member of itself.
            return new Group(Defined(name), (int)least, listed);
        }

        void SetQuorum(string name)
        {
            if (name != None) RequireDefined(name);
            if (quorum is not null) throw new AuditLogFormatException("there is a quorum line before: keep one.");
            quorum = name;
        }

        void RequireDefined(string name)
        {
            if (!names.Contains(name))
                throw new AuditLogFormatException($"`{name}` is not the name of a witness or group in a line before.");
        }

        static long Number(string digits) => StrictText.TryDecimal(digits, out var number) ? number : 0;
    }
}

/// <summary>A log that a policy accepts.</summary>
/// <param name="Key">Its key, named like its origin.</param>
/// <param name="Url">Where it is; null if the policy does not say.</param>
public sealed record PolicyLog(VerifierKey Key, string? Url);

/// <summary>A witness that a policy names.</summary>
/// <param name="Name">Its name within the policy.</param>
/// <param name="Key">The key it cosigns with.</param>
/// <param name="Url">Where checkpoints are submitted to it; null if the policy does not say.</param>
public sealed record PolicyWitness(string Name, VerifierKey Key, string? Url);
