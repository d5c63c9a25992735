/** The stage of the demo: a private PostgreSQL with tenants, a configuration, two stores. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { Waiting } from "../../base/waiting.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load-config.ts";
import { planName } from "../../model/ids.ts";
import { connect } from "../../postgres/session/connect.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { startPrivateServer } from "../../postgres/server/private-server.ts";
import { findPrograms } from "../../postgres/server/programs.ts";
import type { Context } from "../frame/context.ts";
import type { Machine } from "../../desk/machine.ts";
import { userIds } from "../../desk/scratch-user.ts";
import { setUp } from "../set-up/set-up.ts";
import { acmeSql, demoServerSql, demoTenants, schemaTenantSql } from "./tenants.ts";

export interface Stage extends AsyncDisposable {
  readonly folder: string;
  readonly config: Config;
  /** Runs SQL on the demo's server as its superuser; returns the rows of the last statement. */
  readonly sql: <Row extends object>(database: string, text: string) => Promise<Row[]>;
  /** Where the database of that name is or is to be. */
  readonly addressOf: (database: string) => ServerAddress;
  readonly howToTry: readonly string[];
}

export async function prepareStage(
  folder: string,
  context: Context,
  say: (line: string) => void,
): Promise<Stage> {
  const { machine, wait } = context;
  await using open = new AsyncDisposableStack();
  const path = await configure(join(folder, "holdfast"), machine, wait);
  const config = await loadConfig(path, machine.env);
  say("starting a private PostgreSQL with three tenants: a database and two schemas of a shared one");
  const programs = await findPrograms([], null, wait);
  const server = open.use(
    await startPrivateServer(
      {
        root: join(folder, "postgres"),
        binFolder: programs.folder,
        superuser: { kind: "named", name: "postgres" },
        runAs: machine.uid === 0 ? await userIds(config.scratch.user, wait) : undefined,
        chance: machine.chance,
      },
      wait,
    ),
  );
  const addressOf = (database: string): ServerAddress => ({ ...server.address, database });
  const sql = async <Row extends object>(database: string, text: string): Promise<Row[]> => {
    await using session = await connect(addressOf(database), "source", { ownSearchPath: true }, wait);
    return await session.query<Row>(text);
  };
  for (const statement of demoServerSql) await sql("postgres", statement);
  await sql("acme", acmeSql);
  await sql("shared", schemaTenantSql("bravo", 800));
  await sql("shared", schemaTenantSql("carrot", 2500));
  await writeFile(join(folder, "holdfast", urlFile), urlOf(server.address), { mode: 0o600 });
  const kept = open.move();
  return {
    folder,
    config,
    sql,
    addressOf,
    howToTry: [
      `try: holdfast --config ${path} list`,
      `     holdfast --config ${path} verify acme`,
      `     holdfast --config ${path} restore acme --to ${urlOf(addressOf("acme_again"))}`,
      "Ctrl-C ends it.",
    ],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const urlFile = "keys/source-url";

/** What `init` writes, with the tenants of the demo. The URL of the source will lie in a file beside the keys. */
async function configure(folder: string, machine: Machine, wait: Waiting): Promise<string> {
  const wish = { folder, source: `file:./${urlFile}`, tenants: [], plan: planName.parse("standard") };
  const made = await setUp(wish, machine, wait);
  const yaml = parseDocument(await readFile(made.config, "utf8"));
  yaml.delete("discover");
  yaml.set(
    "tenants",
    yaml.createNode(
      Object.fromEntries(
        demoTenants.map(({ id, database, schema, plan }) => [
          id,
          { source: "main", database, ...(schema === null ? {} : { schemas: [schema] }), plan },
        ]),
      ),
    ),
  );
  await writeFile(made.config, String(yaml));
  return made.config;
}

function urlOf({ host, port, user, password, database }: ServerAddress): string {
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password ?? "")}`;
  return `postgres://${login}@${encodeURIComponent(host)}:${String(port)}/${encodeURIComponent(database)}`;
}
