/** Writes the JSON Schemas of configuration and plans into `docs/`; `npm run schemas`. */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { jsonSchemas } from "../src/config/json-schemas.ts";

const docs = resolve(import.meta.dirname, "../docs");

for (const [file, schema] of Object.entries(jsonSchemas())) {
  await writeFile(join(docs, file), `${JSON.stringify(schema, null, 2)}\n`);
}
