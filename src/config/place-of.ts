import type { z } from "zod";
import type { Place } from "../model/place.ts";
import type { placeSchema } from "./file-schema.ts";

/** A location as written, as the rules want it; null when it was left out. */
export function placeOf(written: z.infer<typeof placeSchema> | undefined): Place | null {
  if (written === undefined) return null;
  const { jurisdiction, latitude, longitude } = written;
  const coordinates = latitude === undefined || longitude === undefined ? null : { latitude, longitude };
  return { jurisdiction, coordinates };
}
