import type { Definition, Fingerprint } from "../../model/fingerprint.ts";
import { privilegesInExtension, privilegesInNoDump, privilegesInSystem } from "../readings/definitions.ts";

/** Whether a definition tells what was granted and revoked on what an extension or initdb made. */
export function tellsPrivileges({ kind }: Pick<Definition, "kind">): boolean {
  return kind.startsWith(privilegesInExtension) || kind === privilegesInSystem || kind === privilegesInNoDump;
}

/** One item of such a text: `+reader:SELECT`, `-"A, B":EXECUTE*`. */
const item = /[+-]("(?:[^"]|"")*"|[^":]+):[^,]+/g;

/**
 * The same definitions without what was granted to or taken from those who were superusers of the source, or are roles no
 * more. The former need no privilege, and whoever made what comes with the server or an extension here is another one, to
 * whom an archive's `REVOKE … FROM postgres` does nothing. The latter made an extension and were dropped since.
 */
export function withoutMighty(
  definitions: readonly Definition[],
  { roles }: Pick<Fingerprint, "roles">,
): readonly Definition[] {
  const mighty = new Set(roles.filter(({ attributes }) => attributes.superuser).map(({ name }) => name));
  return definitions.flatMap((one) =>
    withoutItems(one, (_item, grantee) => mighty.has(grantee) || /^unknown \(OID=\d+\)$/.test(grantee)),
  );
}

/** A definition without such items, and without itself where none is left; one that tells no privileges as it is. */
export function withoutItems(
  one: Definition,
  isLeftOut: (item: string, grantee: string) => boolean,
): readonly Definition[] {
  if (!tellsPrivileges(one)) return [one];
  const items = Array.from(one.text.matchAll(item), ([whole, grantee = ""]) => ({ whole, grantee }));
  const kept = items.filter(({ whole, grantee }) => !isLeftOut(whole, bare(grantee)));
  return kept.length === 0 ? [] : [{ ...one, text: kept.map(({ whole }) => whole).join(", ") }];
}

function bare(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
