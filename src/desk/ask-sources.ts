import { isFailure } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";
import type { Config, SourceConfig } from "../config/config.ts";
import { type FoundDatabase, matchDiscovered } from "../config/match-discovered.ts";
import { addressOf } from "../postgres/session/address.ts";
import { connect } from "../postgres/session/connect.ts";
import type { SourcesAsked } from "./desk.ts";

const askLimitMs = 60_000;

/** Asks every source that a rule of discovery names for its databases, side by side. */
export async function askSources(config: Config, wait: Waiting): Promise<SourcesAsked> {
  const sources = new Map(config.discover.map(({ source }) => [source.name, source]));
  const unreachable: SourcesAsked["unreachable"][number][] = [];
  const asked = await Promise.all(
    sources.values().map(async (source) => {
      try {
        return await databasesOf(source, config, within(wait, askLimitMs));
      } catch (error) {
        if (!isFailure(error) || wait.signal.aborted) throw error;
        unreachable.push({ source: source.name, failure: error });
        return [];
      }
    }),
  );
  return { ...matchDiscovered(asked.flat(), config.discover, config.tenants), unreachable };
}

/** Databases that may be connected to, templates left out, by name. */
async function databasesOf(source: SourceConfig, { line }: Config, wait: Waiting): Promise<FoundDatabase[]> {
  const address = { ...addressOf(await source.url.reveal()), ...line };
  await using session = await connect(address, "source", {}, wait);
  const rows = await session.query<{ datname: string }>(
    "select datname::text as datname from pg_catalog.pg_database where not datistemplate and datallowconn order by datname",
  );
  return rows.map(({ datname }) => ({ source: source.name, database: datname }));
}
