import { z } from "zod";

const json = z.record(z.string(), z.unknown());
export type Payload = z.infer<typeof json>;

/** What a signed document says, whoever signed it. */
export function payloadOf(jws: Uint8Array): Payload {
  const [, payload = ""] = Buffer.from(jws).toString("latin1").split(".");
  return json.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
}

/** The document with another text under the same header and signature. */
export function withPayload(jws: Uint8Array, change: Payload): Buffer {
  const [header = "", , signature = ""] = Buffer.from(jws).toString("latin1").split(".");
  const said = JSON.stringify({ ...payloadOf(jws), ...change });
  return Buffer.from([header, Buffer.from(said).toString("base64url"), signature].join("."));
}

/** The document as somebody would write it who hopes that readers take a signature for granted. */
export function unsigned(jws: Uint8Array): Buffer {
  const [header = "", payload = ""] = Buffer.from(jws).toString("latin1").split(".");
  const said = json.parse(JSON.parse(Buffer.from(header, "base64url").toString("utf8")));
  const none = Buffer.from(JSON.stringify({ ...said, alg: "none" })).toString("base64url");
  return Buffer.from(`${none}.${payload}.`);
}
