namespace Stet.Testing;

/// <summary>
/// Leaves of the audit log one by one: a view <c>stet.audit_leaf</c> (<c>tenant_id, position, hash, commit</c>) of the rows they
/// lie in, through which tests change and delete them as somebody who owns the database could.
/// </summary>
public static class LeafRows
{
    public const string View = """
        create view stet.audit_leaf as
        select r.tenant_id, r.position - i as position,
            substr(r.hashes, length(r.hashes) - 31 - 32 * i, 32) as hash, substr(r.commits, length(r.commits) - 31 - 32 * i, 32) as commit
        from stet.audit_leaves r cross join lateral generate_series(0, length(r.hashes) / 32 - 1) as i;

        create function public.change_leaf() returns trigger language plpgsql as $$
        declare r stet.audit_leaves; at int;
        begin
            select * into strict r from stet.audit_leaves
            where tenant_id = old.tenant_id and position >= old.position order by position limit 1;
            at := length(r.hashes) - 31 - 32 * (r.position - old.position)::int;
            if tg_op = 'UPDATE' then
                update stet.audit_leaves set
                    hashes = overlay(r.hashes placing new.hash from at for 32), commits = overlay(r.commits placing new.commit from at for 32)
                where tenant_id = r.tenant_id and position = r.position;
                return new;
            end if;

            delete from stet.audit_leaves where tenant_id = r.tenant_id and position = r.position;
            insert into stet.audit_leaves
            select * from (values
                (r.tenant_id, old.position - 1, substr(r.hashes, 1, at - 1), substr(r.commits, 1, at - 1)),
                (r.tenant_id, r.position, substr(r.hashes, at + 32), substr(r.commits, at + 32))) rest(t, p, hashes, c)
            where hashes <> '';
            return old;
        end $$;
        create trigger change instead of update or delete on stet.audit_leaf for each row execute function public.change_leaf();
        """;
}
