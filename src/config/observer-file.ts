/**
 * The configuration of a host that only looks at stores. It seals nothing and asks no source, so the
 * recipients and the sources need not be told to it; everything else is as strict as for any host.
 */
import { type ConfigFile, fileSchema, keysSchema } from "./file-schema.ts";

const { workers, escrow } = keysSchema.shape;

export const observerFileSchema = fileSchema.extend({
  keys: keysSchema.extend({ verifiers: workers, restorers: escrow }),
  sources: fileSchema.shape.sources.default({}),
});

/**
 * The file with an entry for every source that a tenant or a rule names and that is not in it. Whoever
 * asked such a source would be refused with "config/invalid": its address is empty.
 */
export function withNamedSources(file: ConfigFile): ConfigFile {
  const named = [...Object.values(file.tenants), ...file.discover].map(({ source }) => source);
  const unknown = { url: "", maxConcurrent: 1, jobs: 1 };
  return {
    ...file,
    sources: { ...Object.fromEntries(named.map((name) => [name, unknown])), ...file.sources },
  };
}
