namespace Stet.Tests.Audit.SelfCheck;

/// <summary>Statements that spoil a log by a byte or a row; <c>$1</c> is the tenant.</summary>
static class Change
{
    public static string Event(long position, string set) => $"update stet.mt_events set {set} where tenant_id = $1 and seq_id = {position}";

    public static string Data(long position) => Event(position, "data = jsonb_set(data, '{text}', to_jsonb(overlay(data ->> 'text' placing 'H' from 1 for 1)))");

    public static string Id(long position) => Event(position, $"id = encode({Flipped("uuid_send(id)", 15)}, 'hex')::uuid");

    public static string Stream(long position) => Event(position, $"stream_id = encode({Flipped("uuid_send(stream_id)", 7)}, 'hex')::uuid");

    public static string Version(long position) => Event(position, "version = version + 1000000");

    public static string Time(long position) => Event(position, "timestamp = timestamp + interval '1 microsecond'");

    public static string Type(long position) => Event(position, "type = 'note_taker_v2'");

    public static string Schema(long position) => Event(position, "type = 'note_taken_v3'");

    public static string Actor(long position) => Event(position, "headers = jsonb_set(headers, '{actor_class}', '\"operator\"')");

    public static string Commit(long position, int at = 3) => Leaf(position, "commit", at);

    public static string Hash(long position, int at = 3) => Leaf(position, "hash", at);

    public static string TileHash(long position, int at = 3) =>
        $"update stet.audit_tile set hashes = {Flipped("hashes", (int)((position - 1) % 256 * 32) + at)} where tenant_id = $1 and level = 0 and n = {(position - 1) / 256}";

    public static string HigherTileHash(int level, long n, int slot) =>
        $"update stet.audit_tile set hashes = {Flipped("hashes", (slot * 32) + 5)} where tenant_id = $1 and level = {level} and n = {n}";

    public static string TileRoot(int level, long n, int at = 3) =>
        $"update stet.audit_tile set root = {Flipped("root", at)} where tenant_id = $1 and level = {level} and n = {n}";

    public static string Guard(long size, string column, int at = 3) =>
        $"update stet.audit_signed set {column} = {Flipped(column, at)} where tenant_id = $1 and size = {size}";

    public static string Head(int at = 3) => $"update stet.tenant_head set audit_peaks = {Flipped("audit_peaks", at)} where tenant_id = $1";

    public static string NoEvent(long position, long? until = null) =>
        $"delete from stet.mt_events where tenant_id = $1 and seq_id between {position} and {until ?? position}";

    public static string NoLeaf(long position, long? until = null) =>
        $"delete from stet.audit_leaf where tenant_id = $1 and position between {position} and {until ?? position}";

    public static string NoTile(int level, long n) => $"delete from stet.audit_tile where tenant_id = $1 and level = {level} and n = {n}";

    static string Leaf(long position, string column, int at) =>
        $"update stet.audit_leaf set {column} = {Flipped(column, at)} where tenant_id = $1 and position = {position}";

    static string Flipped(string bytes, int at) => $"set_byte({bytes}, {at}, get_byte({bytes}, {at}) # 1)";
}
