namespace Stet.EventStore;

/// <summary>Encrypts the secrets of tenants, so that who reads the database does not have them.</summary>
public interface ITenantKeyWrap
{
    /// <summary>Wraps the key of a tenant's stream ids.</summary>
    /// <returns>What is stored, and the id of the key that unwraps it.</returns>
    (byte[] Wrapped, string KekId) Wrap(string tenantId, ReadOnlySpan<byte> streamKey);

    /// <summary>The key that was wrapped.</summary>
    byte[] Unwrap(string tenantId, byte[] wrapped, string kekId);
}
