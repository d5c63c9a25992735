import { z } from "zod";
import { type Chance, randomBase32 } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { readDoubting } from "../base/doubted.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";
import type { Waiting } from "../base/waiting.ts";
import { type StoreDescriptor, storeDescriptor } from "../model/documents.ts";
import { descriptorKey, tenantsPrefix } from "../model/layout.ts";
import { wrongAsStated } from "./stated-length.ts";
import type { ObjectReader, Store } from "./store.ts";

const bytesMax = 65_536;

/**
 * `holdfast.json` of a store, made if there is none. Of several hosts that make it at once one wins,
 * and all return what that one wrote. Fails as `readDescriptor` does, and with "store/unsuitable" where
 * there is none although the store holds backups: under a new id every proof of its copies would be void.
 */
export async function ensureDescriptor(
  store: Store,
  chance: Chance,
  clock: Clock,
  wait: Waiting,
): Promise<StoreDescriptor> {
  const there = await readDescriptor(store, wait);
  if (there !== null) return there;
  await refuseUsed(store, wait);
  const fresh: StoreDescriptor = {
    format: { name: "holdfast-store", version: 1 },
    storeId: randomBase32(chance, 16),
    createdAt: clock.now().toISOString(),
  };
  try {
    await store.create(descriptorKey, Buffer.from(`${JSON.stringify(fresh)}\n`), {}, wait);
  } catch (error) {
    if (!isFailure(error, "store/exists")) throw error;
  }
  const won = await readDescriptor(store, wait);
  if (won === null)
    throw new Failure("store/unsuitable", `${store.name} does not show what was just written to it`);
  return won;
}

async function refuseUsed(store: ObjectReader, wait: Waiting): Promise<void> {
  for await (const { key } of store.list(tenantsPrefix, wait)) {
    throw new Failure("store/unsuitable", `${store.name} has lost its holdfast.json and holds ${key}`, {
      hint: `put ${descriptorKey} back: {"format":{"name":"holdfast-store","version":1},"storeId":"…","createdAt":"…"}, with the storeId that signed proofs of copies in ${store.name} name; a new id would void them`,
    });
  }
}

/**
 * `holdfast.json`; `null` when there is none. A version that this Holdfast does not know fails with
 * "format/unknown", anything that is no descriptor with "format/invalid".
 */
export async function readDescriptor(store: ObjectReader, wait: Waiting): Promise<StoreDescriptor | null> {
  const read = await readDoubting<StoreDescriptor | Failure | null>(
    `${descriptorKey} in ${store.name}`,
    async (again) => {
      let read = { bytes: 0, digest: "" };
      try {
        const body = await store.read(descriptorKey, { bytesMax, again }, wait);
        read = { bytes: body.length, digest: sha256(body) };
        return { found: parse(body, store), wrong: null };
      } catch (error) {
        if (isFailure(error, "store/absent")) return { found: null, wrong: null };
        // A version that is not ours may as well be one that a line made of ours.
        if (isFailure(error, "format/invalid") || isFailure(error, "format/unknown"))
          return { found: error, wrong: await wrongAsStated(store, descriptorKey, read, wait) };
        throw error;
      }
    },
  );
  if (read instanceof Failure) throw read;
  return read;
}

const anyVersion = z.object({ format: z.object({ name: z.literal("holdfast-store"), version: z.number() }) });

function parse(body: Buffer, store: ObjectReader): StoreDescriptor {
  const where = `${descriptorKey} of ${store.name}`;
  let document: unknown;
  try {
    document = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new Failure("format/invalid", `${where} is not JSON`, { cause: error });
  }
  const known = storeDescriptor.safeParse(document, interpreted);
  if (known.success) return known.data;
  const other = anyVersion.safeParse(document);
  if (other.success && other.data.format.version !== 1) {
    throw new Failure("format/unknown", `${where} has version ${String(other.data.format.version)}`);
  }
  throw new Failure("format/invalid", `${where} is no store descriptor`, { cause: known.error });
}
