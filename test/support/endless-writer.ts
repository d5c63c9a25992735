/** Writes objects named by their digest into a directory store until it is killed; prints each key once it is there. */
import { systemChance } from "../../src/base/chance.ts";
import { sha256 } from "../../src/base/digest.ts";
import { eachAtOnce } from "../../src/base/limit.ts";
import { objectKey, storeName } from "../../src/model/ids.ts";
import { directoryStore } from "../../src/stores/directory.ts";

const store = directoryStore({ name: storeName.parse("folder"), path: process.argv[2] ?? "" });
const wait = { signal: new AbortController().signal };

function* bodies(): Generator<Buffer> {
  for (;;) yield systemChance(300_000);
}

await eachAtOnce(bodies(), 4, async (body) => {
  const digest = sha256(body);
  const key = objectKey.parse(`objects/${digest.slice(0, 2)}/${digest}`);
  await store.create(key, body, {}, wait);
  process.stdout.write(`${key}\n`);
});
