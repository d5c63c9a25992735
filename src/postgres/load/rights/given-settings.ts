import type { LoadContext } from "../context.ts";
import type { Session } from "../../session/session.ts";
import { isShared } from "./shared.ts";

interface Setting {
  readonly name: string;
}

/** Of those that are a superuser's to give what concerns nothing but the database that a session is in. */
const harmless = /^(?:lo_compat_privileges|session_replication_role|plpgsql\..*)$/;

/**
 * Those of these settings that are given. On a target that others share what is a superuser's to give is not, but noted: it
 * loads libraries, silences the server's log or lifts limits that keep one's neighbours well. A role of null is the database.
 *
 * Whose a setting of a library is the server knows only where the library is loaded. Kept for one that is not, it is taken
 * as a superuser's once the tenant's session loads it, so a name that may be a library's is not given; one that an
 * application made up is.
 */
export async function givenSettings<One extends Setting>(
  { admin, destination, ledger }: Pick<LoadContext, "admin" | "destination" | "ledger">,
  settings: readonly One[],
  roleOf: (setting: One) => string | null,
): Promise<One[]> {
  if (settings.length === 0 || !isShared(destination)) return [...settings];
  const found = await admin.query<{ name: string; free: boolean }>(
    "select pg_catalog.lower(name) as name, context = 'user' as free from pg_catalog.pg_settings",
  );
  const known = new Map(found.map(({ name, free }) => [name, free]));
  const libraries = await librariesOf(admin);
  return settings.filter((setting) => {
    const { name } = setting;
    const lower = name.toLowerCase();
    if (harmless.test(lower) || (known.get(lower) ?? !libraries.has(lower.replace(/\..*$/s, ""))))
      return true;
    const role = roleOf(setting);
    const words = `setting ${name} of ${role === null ? "the database" : `role ${role}`}`;
    ledger.withhold({ kind: "setting", role, name }, words);
    return false;
  });
}

/** Of PostgreSQL's own those with settings that no extension names, or that may be installed later. */
const modules = [
  "auth_delay",
  "auto_explain",
  "basebackup_to_shell",
  "basic_archive",
  "passwordcheck",
  "pg_overexplain",
  "pg_prewarm",
  "pg_stat_statements",
  "plperl",
  "pltcl",
  "sepgsql",
];

/** What settings of libraries that sessions here may load begin with. */
async function librariesOf(admin: Session): Promise<ReadonlySet<string>> {
  const found = await admin.query<{ name: string }>(
    `select pg_catalog.lower(name collate pg_catalog."C") as name
       from (select name::text from pg_catalog.pg_available_extensions
             union select extname::text from pg_catalog.pg_extension
             union select pg_catalog.regexp_replace(file collate pg_catalog."C", '^.*/|"|[.]so"?$', '', 'g')
               from (select probin from pg_catalog.pg_proc where probin is not null
                     union select pg_catalog.regexp_split_to_table(setting, '\\s*,\\s*') from pg_catalog.pg_settings
                      where name in ('shared_preload_libraries', 'session_preload_libraries', 'local_preload_libraries')) files (file)
            ) names (name)`,
  );
  return new Set([...modules, ...found.map(({ name }) => name)]);
}
