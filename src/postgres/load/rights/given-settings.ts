import type { LoadContext } from "../context.ts";
import { isShared } from "./shared.ts";

interface Setting {
  readonly name: string;
}

/** Of those that are a superuser's to give what concerns nothing but the database that a session is in. */
const harmless = new Set(["lo_compat_privileges", "plpgsql.variable_conflict", "session_replication_role"]);

/**
 * Those of these settings that are given. On a target that others share what is a superuser's to give is not, but noted: it
 * loads libraries, silences the server's log or lifts limits that keep one's neighbours well. A role of null is the database.
 */
export async function givenSettings<One extends Setting>(
  { admin, destination, ledger }: Pick<LoadContext, "admin" | "destination" | "ledger">,
  settings: readonly One[],
  roleOf: (setting: One) => string | null,
): Promise<One[]> {
  if (settings.length === 0 || !isShared(destination)) return [...settings];
  const found = await admin.query<{ name: string }>(
    "select pg_catalog.lower(name) as name from pg_catalog.pg_settings where context <> 'user'",
  );
  const mighty = new Set(found.map(({ name }) => name).filter((name) => !harmless.has(name)));
  return settings.filter((setting) => {
    const { name } = setting;
    if (!mighty.has(name.toLowerCase())) return true;
    const role = roleOf(setting);
    const words = `setting ${name} of ${role === null ? "the database" : `role ${role}`}`;
    ledger.withhold({ kind: "setting", role, name }, words);
    return false;
  });
}
