import type { Session } from "../session/session.ts";

/** What a server could hold: asked for before the first backup, where a proof would be impossible (trap 21). */
export interface ServerOffers {
  /** Every name by which `CREATE DATABASE … LOCALE` or `LC_COLLATE` may be given, as the server's catalog knows them. */
  readonly locales: readonly { readonly provider: string; readonly name: string }[];
  /** Installable extensions with every version that `CREATE EXTENSION … VERSION` reaches. */
  readonly extensions: ReadonlyMap<string, readonly string[]>;
}

/** Read from any database of the server; needs no privilege. */
export async function serverOffers(session: Pick<Session, "query">): Promise<ServerOffers> {
  const locales = await session.query<{ provider: string; name: string }>(
    `select distinct case c.collprovider when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin' else c.collprovider::text end as provider,
            n.name
       from pg_catalog.pg_collation c
       cross join lateral (
         select v.name from (values (c.collcollate::text), (c.collctype::text), (to_jsonb(c)->>'colliculocale'), (to_jsonb(c)->>'colllocale')) v(name)
       ) n
      where c.collnamespace = 'pg_catalog'::regnamespace and n.name is not null and n.name <> ''
      order by 1, 2`,
  );
  const versions = await session.query<{ name: string; version: string }>(
    "select name::text as name, version::text as version from pg_catalog.pg_available_extension_versions order by 1, 2",
  );
  const extensions = new Map<string, string[]>();
  for (const { name, version } of versions) extensions.set(name, [...(extensions.get(name) ?? []), version]);
  return { locales, extensions };
}
