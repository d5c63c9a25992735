/** A host works only the queues that its keys are good for. */
import { expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { type QueueRoles, queueRoles } from "../../src/desk/roles.ts";
import { newHostIdentity } from "../../src/keys/host-keys.ts";
import { configFolder, designYaml, someRecipient } from "../support/config-folder.ts";

const host = await newHostIdentity();

/** What a host may whose identity is named in `role` alone, and that signs nothing. */
async function rolesOf(role: "workers" | "verifiers"): Promise<QueueRoles> {
  const yaml = designYaml
    .replace(`${role}: [${someRecipient}]`, `${role}: [${host.recipient}]`)
    .replace(/^ {2}signing: .*\n/m, "");
  await using folder = await configFolder(yaml, { "keys/host.agekey": host.identity });
  return queueRoles(await loadConfig(folder.path, {}));
}

it("backs up nothing, proves nothing and removes nothing without a key to sign with, and says why", async () => {
  for (const role of ["workers", "verifiers"] as const) {
    const { backup, verify, prune, replicate, scrub, heal } = await rolesOf(role);
    expect(prune).toBe("keys.signing is not set");
    expect(role === "workers" ? backup : verify).toBe("keys.signing is not set");
    expect(role === "workers" ? verify : backup).toMatch(
      /^keys\.(verifiers|workers) does not name this host$/,
    );
    expect([replicate, scrub, heal]).toEqual([null, null, null]);
  }
});
