/** The home of a host that only looks: two folders that another host fills, whose public key is all that it trusts. */
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { storeName } from "../../src/model/ids.ts";
import { directoryStore } from "../../src/stores/directory.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { type ConfigFolder, configFolder, someRecipient } from "./config-folder.ts";
import { buildHouse, described, type House } from "./repository-fixture.ts";

export interface OnlookerHome extends AsyncDisposable {
  /** The other host, by the clock of now. */
  readonly house: House;
  readonly home: ConfigFolder;
  /** `one` and `two`, marked and empty. */
  readonly stores: readonly WholeStore[];
}

/** The secret of its source is not there, so that nobody could connect to it. */
export function onlookerYaml({
  catalog = "embedded",
  tenants = ["acme"],
}: { readonly catalog?: string; readonly tenants?: readonly string[] } = {}): string {
  const named = tenants.map((name) => `  ${name}: { source: erp, database: ${name}, plan: standard }\n`);
  return `
version: 1
catalog: ${catalog}
stores:
  one: { driver: directory, path: ./one }
  two: { driver: directory, path: ./two }
keys:
  verifiers: [${someRecipient}]
  restorers: [${someRecipient}]
  trusted: [{ key: file:./others.pub.jwk, may: [record, proof, key, removal] }]
sources:
  erp: { url: env:NO_SUCH_SOURCE }
tenants:
${named.join("")}`;
}

export async function onlookerHome(yaml: string): Promise<OnlookerHome> {
  const house = await buildHouse();
  house.clock.advance(Date.now() - house.clock.now().getTime());
  const home = await configFolder(yaml, { "others.pub.jwk": house.publicJwk });
  // The user of an embedded catalog passes through.
  await chmod(home.folder, 0o711);
  const stores = await Promise.all(
    ["one", "two"].map(async (name) => {
      const path = join(home.folder, name);
      await mkdir(path);
      return directoryStore({ name: storeName.parse(name), path });
    }),
  );
  await described(house, ...stores);
  return {
    house,
    home,
    stores,
    [Symbol.asyncDispose]: async () => {
      await home[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}
