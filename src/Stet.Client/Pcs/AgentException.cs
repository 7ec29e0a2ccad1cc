namespace Stet.Client.Pcs;

/// <summary>Something is in the agent's way that its user can put right: the message says what.</summary>
public class AgentException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>An outbox cannot be used: it is damaged, in use, no outbox at all, or the disk does not take it.</summary>
public sealed class OutboxException : AgentException
{
    OutboxException(string message, Exception? inner = null) : base(message, inner)
    {
    }

    internal static OutboxException InUse(string path) =>
        new($"`{path}` is in use by another agent: stop it first, or give each agent an outbox of its own.");

    internal static OutboxException NotAnOutbox(string path) => new(
        $"`{path}` is no outbox, or its first 32 bytes are damaged: name another file, or restore this one from a copy.");

    internal static OutboxException Corrupt(string path, long offset) => new(
        $"`{path}` is damaged at byte {offset}, before its end: nothing was changed. Restore it from a copy, or move it "
        + "away and start a new one; what it holds before that byte can still be listed from a copy cut there.");

    internal static OutboxException Unknown(string path, long offset) => new(
        $"`{path}` has a record at byte {offset} that this version does not understand: use the version that wrote it.");

    internal static OutboxException Full(string path) =>
        new($"`{path}` has used up its numbers: deliver what it holds and start a new one.");

    internal static OutboxException Storage(string path, Exception reason) => new(
        $"`{path}` cannot be used: {reason.Message.TrimEnd('.')}. Free space or mend the disk and start again: "
        + "what was kept before is still there.", reason);
}
