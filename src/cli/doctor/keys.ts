import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../../config/config.ts";
import type { Secret } from "../../config/secret.ts";
import { hostKeys } from "../../desk/host-keys.ts";
import { oneHostHasAllRoles } from "../set-up/one-host.ts";
import { reachableByAll } from "../set-up/reachable-by-all.ts";
import type { Examination } from "./examination.ts";

/** Which keys this host can read, what they are worth, and whether promise 8 holds here. */
export async function examineKeys(config: Config): Promise<Examination[]> {
  const { identity, signing, trusted } = await hostKeys(config);
  const roles = identity?.roles ?? [];
  return [
    keyLine(
      "identity",
      identity,
      `${identity?.recipient ?? ""}: ${roles.join(", ")}`,
      "none: this host opens nothing",
    ),
    keyLine(
      "signing",
      signing,
      `${signing?.kid ?? ""}: ${signing?.may.join(", ") ?? ""}`,
      "none: this host signs nothing",
    ),
    ...trusted.map((one): Examination =>
      keyLine("trusted", one, `${one.kid ?? one.origin}: ${one.may.join(", ")}`, ""),
    ),
    ...(await openToAll("identity", config.keys.identity)),
    ...(await openToAll("signing", config.keys.signing)),
    promiseEight(roles),
    ...(config.keys.escrow.length > 0 ? [] : [noEscrow]),
  ];
}

const noEscrow: Examination = {
  area: "keys",
  subject: "escrow",
  outcome: "warned",
  detail:
    "there is none: when the identities of verifiers and restorers are lost, every backup is lost with them",
  hint: "`holdfast keys new FOLDER --only identity` makes one; keep it offline and name its recipient in keys.escrow",
};

interface Readable {
  readonly problem: string | null;
}

function keyLine(subject: string, key: Readable | null, worth: string, none: string): Examination {
  if (key === null) return { area: "keys", subject, outcome: "warned", detail: none };
  if (key.problem !== null) return { area: "keys", subject, outcome: "failed", detail: key.problem };
  return { area: "keys", subject, outcome: "passed", detail: worth };
}

/** A key that every user of the host can read is everybody's. Nothing is said of one that is kept elsewhere. */
async function openToAll(subject: string, key: Secret | null): Promise<readonly Examination[]> {
  const file = key?.file ?? null;
  if (file === null || !(await isReadByAll(file))) return [];
  const detail = `every user of this host can read ${file}`;
  return [{ area: "keys", subject, outcome: "warned", detail, hint: `chmod o= ${file}` }];
}

/** The folders above count as well: in one that only its owner may enter, a file of any mode is safe. */
async function isReadByAll(file: string): Promise<boolean> {
  try {
    const path = await realpath(file);
    return ((await stat(path)).mode & othersRead) !== 0 && (await reachableByAll(dirname(path)));
  } catch {
    return false;
  }
}

const othersRead = 0o004;

function promiseEight(roles: readonly string[]): Examination {
  const subject = "promise 8";
  const reads = roles.includes("verifier") || roles.includes("restorer") || roles.includes("escrow");
  if (!reads)
    return {
      area: "keys",
      subject,
      outcome: "passed",
      detail: "this host cannot read what it wrote yesterday",
    };
  return { area: "keys", subject, outcome: "warned", detail: oneHostHasAllRoles.join(" ") };
}
