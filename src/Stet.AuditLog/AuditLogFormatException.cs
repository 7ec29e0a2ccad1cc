namespace Stet.AuditLog;

/// <summary>
/// Bytes or text that is not what its format demands. It is the only exception that the parsers of this library throw
/// for what they are given; the message says what is wrong and is fit to be shown to whoever sent it.
/// </summary>
/// <param name="message">A sentence that tells the sender what to change.</param>
public sealed class AuditLogFormatException(string message) : FormatException(message);
