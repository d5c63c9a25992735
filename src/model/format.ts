import { z } from "zod";

/** Every JSON document names its format and version; readers refuse versions they do not know. */
export function format<Name extends string>(name: Name) {
  return z.object({ name: z.literal(name), version: z.literal(1) });
}

export const engine = z.literal("postgres-logical");
