/** `holdfast show`: one backup in full, as far as this host may read it. */
import { exitCodes, Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord } from "../model/documents.ts";
import { backupId, type TenantId } from "../model/ids.ts";
import type { Manifest } from "../model/manifest.ts";
import { keysToRead } from "../repository/key-access.ts";
import { type Library, unasked } from "../repository/library.ts";
import { openCopy } from "../repository/open-copy.ts";
import type { BackupEntry } from "../repository/backup-entry.ts";
import { tenantStates } from "../repository/states.ts";
import { command } from "./frame/command.ts";
import type { Desk } from "../desk/desk.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import { copyText, type ListedBackup, listedBackup } from "./list/listed-backup.ts";
import type { Output } from "./frame/output.ts";
import { libraryOf } from "../desk/tenant-library.ts";
import { spellBytes, table } from "./frame/text.ts";

export interface ShownBackup extends ListedBackup {
  /** Null where no store shows a record that is believed. */
  readonly record: BackupRecord | null;
  /** Null where this host may not read backups. */
  readonly contents: ShownContents | null;
}

export interface ShownContents {
  readonly server: string;
  readonly database: string;
  readonly encoding: string;
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number }[];
  readonly sequences: number;
  readonly largeObjects: number;
  readonly extensions: readonly string[];
  /** What the backup leaves out on purpose or cannot hold. */
  readonly omitted: Manifest["fingerprint"]["omitted"];
  readonly environment: Readonly<Record<string, string>>;
}

export const show = command({
  name: "show",
  usage: "<tenant> <backup>",
  describe: "show one backup: its record, its copies and, where this host may read it, what is in it",
  examples: [
    ["show acme 20261121T013000Z-k7f3qa", "for people"],
    ["show acme 20261121T013000Z-k7f3qa --json", "with the whole record, for a script"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", demandOption: true, describe: "the tenant" })
      .positional("backup", {
        type: "string",
        demandOption: true,
        describe: "the backup, as `list` names it",
      }),
  run: async ({ tenant, backup }, context, out) => {
    await using desk = await context.openDesk();
    const owner = parseTenant(tenant);
    const asked = { tenant: owner, library: await libraryOf(desk, owner, context.wait) };
    const { entry, complete } = await findBackup(asked, backup, out, context.wait);
    const shown: ShownBackup = {
      ...listedBackup(owner, entry),
      record: entry.record,
      contents: await readContents(desk, { ...asked, ...entry }, out, context.wait),
    };
    out.result(shown, () => text(shown));
    return complete ? exitCodes.done : exitCodes.degraded;
  },
});

/** Whose backup is looked for, and where. */
interface Asked {
  readonly tenant: TenantId;
  readonly library: Library;
}

async function findBackup(
  { tenant, library }: Asked,
  text: string,
  out: Output,
  wait: Waiting,
): Promise<{ readonly entry: BackupEntry; readonly complete: boolean }> {
  const id = backupId.safeParse(text);
  if (!id.success) {
    throw new Failure("usage/invalid", `${text} is no name of a backup`, {
      hint: `one looks like 20261121T013000Z-k7f3qa; \`holdfast list ${tenant}\` shows them`,
    });
  }
  const { backups, notes, down } = await tenantStates(tenant, library, wait);
  for (const { store, backup, note } of notes) {
    if (backup === null || backup === id.data) out.say(`warning: ${store}: ${note}`);
  }
  const entry = backups.find(({ backup }) => backup === id.data);
  if (entry === undefined)
    throw new Failure("backup/unknown", `no store holds a backup ${text} of ${tenant}${unasked(down)}`);
  return { entry, complete: down.length === 0 };
}

/** Null, with a word why, where this host may not read or no copy can be opened. */
async function readContents(
  desk: Desk,
  { tenant, library, backup, suspect }: Asked & BackupEntry,
  out: Output,
  wait: Waiting,
): Promise<ShownContents | null> {
  if (suspect) return null;
  const keys = keysToRead(tenant, library.trust, await desk.identity());
  try {
    const { manifest } = await openCopy({ tenant, backup, keys }, library, desk.sealing(), wait);
    return contentsOf(manifest);
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    out.say(`contents not shown: ${error.message}`);
    return null;
  }
}

function contentsOf({ fingerprint, environment }: Manifest): ShownContents {
  return {
    server: fingerprint.server.version,
    database: fingerprint.database.name,
    encoding: fingerprint.database.encoding,
    tables: fingerprint.tables.map(({ schema, name, rows, bytes }) => ({
      name: `${schema}.${name}`,
      rows,
      bytes,
    })),
    sequences: fingerprint.sequences.length,
    largeObjects: fingerprint.largeObjects.count,
    extensions: fingerprint.extensions.map(({ name, version }) => `${name} ${version}`),
    omitted: fingerprint.omitted,
    environment,
  };
}

function text({ record, contents, ...shown }: ShownBackup): string {
  const head = [
    ["tenant", shown.tenant],
    ["backup", shown.backup],
    ["kind", shown.suspect ? "suspect" : shown.kind],
    ["at", shown.at],
    ["size", spellBytes(shown.plainBytes)],
    ...(record === null
      ? []
      : [
          ["sealed", `${spellBytes(record.sealedBytes)} in ${String(record.objects)} objects`],
          ["previous", record.previous?.backup ?? "none"],
          ["made by", record.host],
        ]),
    ...Object.entries(shown.copies).map(([store, copy]) => [
      `copy in ${store}`,
      copyText(copy, shown.suspect),
    ]),
    ...(contents === null
      ? []
      : [
          ["database", `${contents.database}, ${contents.encoding}, ${contents.server}`],
          ["extensions", contents.extensions.join(", ") || "none"],
          ["sequences", String(contents.sequences)],
          ["large objects", String(contents.largeObjects)],
          ...contents.omitted.map(({ kind, name, reason }) => ["left out", `${kind} ${name}: ${reason}`]),
        ]),
  ];
  const tables =
    contents?.tables.map(({ name, rows, bytes }) => [name, String(rows), spellBytes(bytes)]) ?? [];
  const parts = [table(["", ""], head).trimStart()];
  if (tables.length > 0) parts.push(table(["table", "rows", "size"], tables));
  return parts.join("\n\n");
}
