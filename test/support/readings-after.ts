/** Whether statements, which are taken back again, alter what is measured of a database. */
import { Measure } from "../../src/base/digest.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { quoteName } from "../../src/postgres/session/quote.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { readingCatalogs, setExactText } from "../../src/postgres/session/settings.ts";
import { censusOf, readCensusEntries, readWholeCensus } from "../../src/postgres/readings/census.ts";
import { readDatabase } from "../../src/postgres/readings/database.ts";
import { readDefinitions } from "../../src/postgres/readings/definitions.ts";
import { readGenerated, readMatviews } from "../../src/postgres/readings/derived.ts";
import { readExtensions } from "../../src/postgres/readings/extensions.ts";
import { readRoles } from "../../src/postgres/readings/roles.ts";
import { largeObjectBytes } from "../../src/postgres/source/large-object-stream.ts";
import { testWait } from "./postgres-server.ts";

type Part = "rows" | "catalogs";

/** One session for all, as a login takes longer than a reading. */
export interface Reader extends AsyncDisposable {
  /** Whether anything that is measured is another after these statements; `first` is where it is looked for first. */
  isAlteredBy(statements: readonly string[], first: Part): Promise<boolean>;
}

export async function openReadings(server: PrivateServer, database: string): Promise<Reader> {
  const options = { ownSearchPath: true, startup: { client_min_messages: "error" } };
  const session = await connect({ ...server.address, database }, "source", options, testWait());
  const before = new Map<Part, string>();
  const isOther = async (part: Part): Promise<boolean> =>
    (await readings[part](session, database)) !== before.get(part);
  const isAlteredBy: Reader["isAlteredBy"] = async (statements, first) => {
    await session.query("begin");
    // What a sequence has counted is not taken back with the statements of the damage before.
    const counted = await countedBy(session);
    for (const statement of statements) await session.query(statement);
    await setExactText(session);
    const altered =
      (await isOther(first)) ||
      (await isOther(first === "rows" ? "catalogs" : "rows")) ||
      (await countedBy(session)) !== counted;
    // The settings of the session go back with it.
    await session.query("rollback");
    return altered;
  };
  await session.query("begin");
  await setExactText(session);
  for (const part of ["rows", "catalogs"] as const) before.set(part, await readings[part](session, database));
  await session.query("rollback");
  return { isAlteredBy, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
}

const readings: Readonly<Record<Part, (session: Session, database: string) => Promise<string>>> = {
  rows: async (session) => {
    const measure = new Measure();
    for await (const part of largeObjectBytes(session, { kind: "all" }, () => undefined))
      measure.update(part);
    return JSON.stringify([measure.finish(), await digestsOf(session)]);
  },
  catalogs: async (session, database) => {
    const scope = { kind: "database", database } as const;
    const found = await readingCatalogs(session, async () => [
      censusOf(await readCensusEntries(session, scope)),
      await readWholeCensus(session, scope),
      await readDefinitions(session, scope),
      await readRoles(session, scope, []),
      await readDatabase(session, scope, null),
      await readExtensions(session, []),
    ]);
    const derived = [
      await readMatviews(session, scope, { encoding: "UTF8" }),
      await readGenerated(session, scope, [], { encoding: "UTF8" }),
    ];
    return JSON.stringify([found, derived]);
  },
};

async function countedBy(session: Session): Promise<string> {
  const asked =
    "select schemaname, sequencename, last_value::text from pg_catalog.pg_sequences order by 1, 2";
  return JSON.stringify(await session.query(asked));
}

async function digestsOf(session: Session): Promise<readonly string[]> {
  const tables = await session.query<{ schema: string; name: string }>(
    `select n.nspname::text as schema, c.relname::text as name
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2`,
  );
  const digests: string[] = [];
  for (const table of tables) {
    const measure = new Measure();
    for await (const part of session.copyOut(`copy ${quoteName(table)} to stdout`).bytes)
      measure.update(part);
    digests.push(`${quoteName(table)} ${measure.finish().sha256}`);
  }
  return digests;
}
