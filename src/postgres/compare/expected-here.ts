import type { Definition, Fingerprint } from "../../model/fingerprint.ts";
import type { CheckResult } from "../../model/check.ts";
import { sha256 } from "../../base/digest.ts";
import type { Withheld, WithheldGrant } from "../load/rights/withheld.ts";
import { quoteIdent } from "../session/quote.ts";
import type { Beforehand } from "./beforehand.ts";
import { withoutItems } from "./given-privileges.ts";

const defaults = "default privileges";

/**
 * What is to be found where a load gave some things to nobody by design, as rights over the server are given to no role
 * (`checkGrants`): the fingerprint without them. They are told with the checks that would have missed them.
 */
export function expectedHere(fingerprint: Fingerprint, withheld: readonly Withheld[]): Fingerprint {
  if (withheld.length === 0) return fingerprint;
  const { census, definitions, database } = fingerprint;
  const roles = rolesOf(withheld);
  const grants = withheld.filter((one) => one.kind === "grant");
  const settings = withheld.filter((one) => one.kind === "setting");
  return {
    ...fingerprint,
    census: census.flatMap((one) => {
      if (one.kind !== defaults || roles.length === 0) return [one];
      const kept = one.identities?.filter((identity) => !roles.some((role) => isOf(identity, role))) ?? [];
      const digest = sha256(Buffer.from(JSON.stringify(kept)));
      return kept.length === 0 ? [] : [{ ...one, count: kept.length, sha256: digest, identities: kept }];
    }),
    ...(definitions === undefined
      ? {}
      : { definitions: definitions.flatMap((one) => withoutGrants(one, grants)) }),
    database: {
      ...database,
      settings: database.settings.filter(
        ({ role, name }) => !settings.some((one) => one.role === role && one.name === name),
      ),
    },
  };
}

/** Where there were too many default privileges to be told by name, what is left of them is not compared either. */
export function foundBeside(
  { census: wanted }: Fingerprint,
  withheld: readonly Withheld[],
  found: Beforehand,
): Beforehand {
  const isUntold = wanted.some(({ kind, identities }) => kind === defaults && identities === undefined);
  if (!isUntold || rolesOf(withheld).length === 0) return found;
  return { ...found, census: found.census?.filter(({ kind }) => kind !== defaults) ?? null };
}

/** The checks with what was withheld in their details. */
export function toldWithheld(
  checks: readonly CheckResult[],
  withheld: readonly Withheld[],
): readonly CheckResult[] {
  const words: Readonly<Record<string, readonly string[]>> = {
    grants: withheld.filter(({ kind }) => kind !== "setting").map(inWords),
    settings: withheld.filter(({ kind }) => kind === "setting").map(inWords),
  };
  return checks.map((check) => {
    const some = words[check.name] ?? [];
    if (some.length === 0) return check;
    const told = `not given on a target: ${some.join(", ")}`;
    return { ...check, detail: [check.detail, told].filter((part) => part !== "").join("; ") };
  });
}

function rolesOf(withheld: readonly Withheld[]): readonly string[] {
  return withheld.flatMap((one) => (one.kind === defaults ? [one.role] : []));
}

function isOf(identity: string, role: string): boolean {
  return [role, quoteIdent(role)].some((spelt) => identity.startsWith(`${spelt} in `));
}

function withoutGrants(one: Definition, grants: readonly WithheldGrant[]): readonly Definition[] {
  const items = new Set(
    grants
      .filter(({ schema, name, part }) => schema === one.schema && name === one.name && part === one.part)
      .map((grant) => `+${grant.item}`),
  );
  return items.size === 0 ? [one] : withoutItems(one, (item) => items.has(item));
}

function inWords(one: Withheld): string {
  switch (one.kind) {
    case "grant":
      return `${one.item} on ${one.schema === "" ? "" : `${one.schema}.`}${one.name}${one.part === "" ? "" : ` (${one.part})`}`;
    case "default privileges":
      return `default privileges of role ${one.role}`;
    case "setting":
      return `${one.name}${one.role === null ? "" : ` of role ${one.role}`}`;
  }
}
