import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ServerAddress } from "../base/server-address.ts";
import type { Config } from "../config/config.ts";
import { type KeptServer, openKeptServer } from "../postgres/server/kept-server.ts";
import { addressOf } from "../postgres/session/address.ts";
import type { Machine } from "./machine.ts";
import { type UserIds, userIds } from "./scratch-user.ts";

export interface CatalogUse {
  /** Whether an embedded one that does not run is started, or left alone. */
  readonly mode: "start" | "only-running";
  /** What becomes of a catalog that an older Holdfast left: daemons and a rebuild migrate it; "take" by default. */
  readonly older?: "migrate" | "take";
  /** Told once each time an embedded server has ended and does not start again; it is tried on and on. */
  readonly onTrouble?: (failure: Failure) => void;
}

/**
 * The configured catalog, made where there is none; null where it was left alone. Disposing closes the connections, and
 * stops the embedded server when nobody else uses it.
 * "catalog/unreachable", "catalog/failed", "catalog/older", "catalog/newer".
 */
export async function openCatalog(
  config: Config,
  machine: Machine,
  { mode, older = "take", onTrouble }: CatalogUse,
  wait: Waiting,
): Promise<Catalog | null> {
  if (config.catalog.kind === "server")
    return connect(addressOf(await config.catalog.url.reveal()), older, wait);
  if (mode === "only-running" && !existsSync(embeddedFolder(config))) return null;
  const server = await openKeptServer(
    {
      folder: embeddedFolder(config),
      binFolders: config.postgresBin === null ? [] : [config.postgresBin],
      runAs: machine.uid === 0 ? await catalogUser(config, wait) : undefined,
      database: "holdfast",
      chance: machine.chance,
      onTrouble,
    },
    mode,
    wait,
  );
  return server === null ? null : connectEmbedded(server, older, wait);
}

/** Where the embedded catalog lies, once it was made; null when the catalog is a server of the user's. */
export function embeddedCatalogFolder(config: Config): string | null {
  return config.catalog.kind === "embedded" ? embeddedFolder(config) : null;
}

function embeddedFolder({ state }: Config): string {
  return join(state, "catalog");
}

/** What speaks to a catalog takes a tenth of a second to load, so only who has one waits for it. */
async function connect(address: ServerAddress, older: "migrate" | "take", wait: Waiting): Promise<Catalog> {
  const { connectCatalog } = await import("../catalog/connect-catalog.ts");
  return connectCatalog(address, { older }, wait);
}

async function connectEmbedded(
  server: KeptServer,
  older: "migrate" | "take",
  wait: Waiting,
): Promise<Catalog> {
  try {
    const catalog = await connect(server.address, older, wait);
    return {
      ...catalog,
      [Symbol.asyncDispose]: async () => {
        await catalog[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Never the user of scratch servers, in which the code of tenants runs (trap 20). */
async function catalogUser(config: Config, wait: Waiting): Promise<UserIds> {
  for (const name of ["holdfast", "postgres"].filter((one) => one !== config.scratch.user)) {
    try {
      return await userIds(name, wait);
    } catch (error) {
      if (!isFailure(error, "scratch/start")) throw error;
    }
  }
  throw new Failure("catalog/failed", "there is no operating-system user to run the embedded catalog", {
    hint: "make one named holdfast, or name a server of yours in `catalog`",
  });
}
