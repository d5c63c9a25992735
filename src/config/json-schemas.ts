import { z } from "zod";
import { plan } from "../model/plan.ts";
import { fileSchema } from "./file-schema.ts";

/** The JSON Schemas of what people write, by the file in `docs/` that publishes each. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return {
    "holdfast.schema.json": { title: "holdfast.yaml", ...z.toJSONSchema(fileSchema, { io: "input" }) },
    "plan.schema.json": { title: "A plan of Holdfast", ...z.toJSONSchema(plan, { io: "input" }) },
  };
}
