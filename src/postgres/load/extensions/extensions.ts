import type { ExtensionFingerprint } from "../../../model/fingerprint.ts";
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { besideMembers, takeBackBeside } from "./beside-members.ts";
import { tellFormerMembers } from "./former-members.ts";
import { refusalOf, type Refusal } from "../report.ts";

/**
 * Creates the extensions at the recorded versions in their schemas. By the administrator and while
 * nothing of the tenant but empty schemas exists, so that an extension's script, which runs with all
 * rights, meets no function or operator of the tenant. Those that need others are tried again after them.
 */
export async function createExtensions(context: LoadContext): Promise<void> {
  const { admin, ledger, fingerprint, entries } = context;
  const entryOf = (name: string) => entries.find(({ desc, tag }) => desc === "EXTENSION" && tag === name);
  const existing = await admin.query<{ name: string; version: string }>(
    "select extname::text as name, extversion as version from pg_catalog.pg_extension",
  );
  const there = new Map(existing.map(({ name, version }) => [name, version]));
  let pending = fingerprint.extensions.filter(
    ({ name, version, leftOut }) => !leftOut && there.get(name) !== version,
  );
  await using scripts = pending.length === 0 ? null : await context.openForScripts();
  const lent = await takeSchemas(context, pending);
  const before = scripts === null ? null : await besideMembers(admin);
  const refusals = new Map<string, Refusal>();
  for (let rounds = pending.length + 1; rounds > 0 && pending.length > 0; rounds -= 1) {
    const refused: ExtensionFingerprint[] = [];
    for (const extension of pending) {
      try {
        await scripts?.query(statementFor(extension, there.has(extension.name)));
        if (!there.has(extension.name)) await takeBackComment(context, extension.name);
      } catch (error) {
        const refusal = refusalOf(error, "an extension's files");
        refusals.set(extension.name, { ...refusal, kind: "machine" });
        refused.push(extension);
        // A schema that the archive does not hold, as those of another tenant.
        if (refusal.sqlState === "3F000")
          await admin.query(`create schema if not exists ${quoteIdent(extension.schema)}`);
      }
    }
    pending = refused;
  }
  const missing = new Set(pending.map(({ name }) => name));
  await tellFormerMembers(
    context,
    fingerprint.extensions.map(({ name }) => name).filter((name) => !there.has(name) && !missing.has(name)),
  );
  if (before !== null) await takeBackBeside(admin, before);
  await giveSchemas(context, lent);
  for (const extension of fingerprint.extensions) {
    const entry = entryOf(extension.name);
    const refusal = refusals.get(extension.name);
    if (missing.has(extension.name) && refusal !== undefined) {
      if (entry === undefined) ledger.problem(`EXTENSION ${extension.name} ${extension.version}`, refusal);
      else ledger.failed(entry, refusal);
    } else if (entry !== undefined) {
      if (extension.leftOut) ledger.leftOut(entry, "the plan leaves this extension out");
      else ledger.applied(entry);
    }
  }
  for (const entry of entries) {
    if (entry.desc === "EXTENSION" && !ledger.has(entry))
      ledger.leftOut(entry, "the fingerprint does not name this extension");
  }
}

/**
 * While scripts run the schemas that they fill are the administrator's. What a script grants on its schema is kept as
 * granted by the schema's owner for ever (pg_init_privs), and of a role that is gone by then pg_dump would write
 * statements that nobody can run.
 */
async function takeSchemas(
  { admin, loader }: LoadContext,
  extensions: readonly ExtensionFingerprint[],
): Promise<readonly string[]> {
  const found = await admin.query<{ name: string }>(
    `select nspname::text as name from pg_catalog.pg_namespace
      where nspname::text = any ($1) and pg_catalog.pg_get_userbyid(nspowner) = $2`,
    [extensions.map(({ schema }) => schema), loader],
  );
  const taken: string[] = [];
  for (const { name } of found) {
    try {
      await admin.query(`alter schema ${quoteIdent(name)} owner to current_user`);
      taken.push(name);
    } catch (error) {
      // Without it the extension is made all the same.
      refusalOf(error);
    }
  }
  return taken;
}

async function giveSchemas({ admin, loader }: LoadContext, schemas: readonly string[]): Promise<void> {
  for (const name of schemas)
    await admin.query(`alter schema ${quoteIdent(name)} owner to ${quoteIdent(loader)}`);
}

/**
 * Creating an extension writes a comment of its own. Where the archive holds none there was none at the source; else
 * the archive's follows with the other remarks. A backup of schemas has no entry for an extension, nor for its comment.
 */
async function takeBackComment({ admin, entries, ledger }: LoadContext, name: string): Promise<void> {
  const tags = new Set([`EXTENSION ${name}`, `EXTENSION ${quoteIdent(name)}`]);
  const isArchived = entries.some(({ desc, tag }) => desc === "EXTENSION" && tag === name);
  if (!isArchived || entries.some(({ desc, tag }) => desc === "COMMENT" && tags.has(tag))) return;
  try {
    await admin.query(`comment on extension ${quoteIdent(name)} is null`);
  } catch (error) {
    // Where a provider creates extensions on the administrator's behalf, they are the provider's.
    const { sqlState } = refusalOf(error);
    ledger.note(
      `extension ${name} has a comment that it had not at the source (SQLSTATE ${sqlState ?? "unknown"})`,
    );
  }
}

function statementFor({ name, version, schema }: ExtensionFingerprint, exists: boolean): string {
  const wanted = quoteLiteral(version);
  if (exists) return `alter extension ${quoteIdent(name)} update to ${wanted}`;
  return `create extension ${quoteIdent(name)} with schema ${quoteIdent(schema)} version ${wanted}`;
}
