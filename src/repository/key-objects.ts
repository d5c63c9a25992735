/** The key objects of a generation, as lines of an inventory: a copy without them opens for nobody. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type InventoryLine, keyStatement } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import { keySetKeys } from "../model/layout.ts";
import type { TenantKeys } from "../keys/tenant-keys.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Library } from "./library.ts";
import { readSigned } from "./signed.ts";

/** Throws "keys/signature" when no store shows the statement that `keys` came from. */
export async function keyObjects(
  tenant: TenantId,
  keys: TenantKeys,
  stores: readonly ObjectReader[],
  { trust }: Pick<Library, "trust">,
  wait: Waiting,
): Promise<readonly InventoryLine[]> {
  const at = keySetKeys(tenant, keys.generation);
  const { identity, id } = keys.statement;
  for (const store of stores) {
    if ((await store.stat(at.statement, wait)) === null) continue;
    const reading = await readSigned(
      store,
      at.statement,
      {
        purpose: "key",
        schema: keyStatement,
        trust,
        misplaced: (found) => {
          const same =
            found.tenant === tenant &&
            found.generation === keys.generation &&
            found.recipient === keys.recipient &&
            found.identity.sha256 === identity.sha256 &&
            found.id.sha256 === id.sha256;
          return same ? null : "it is another key set";
        },
      },
      wait,
    );
    if (reading.kind === "bad") continue;
    return [
      { key: at.statement, bytes: reading.bytes, sha256: reading.sha256 },
      { key: at.identity, ...identity },
      { key: at.id, ...id },
    ];
  }
  throw new Failure(
    "keys/signature",
    `no store shows the key statement of ${tenant}, generation ${String(keys.generation)}`,
  );
}
