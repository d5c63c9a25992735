/** `holdfast keys new`: makes the identity and the signing key of a host. */
import { resolve } from "node:path";
import { exitCodes } from "../base/failure.ts";
import { command } from "./frame/command.ts";
import {
  identityFiles,
  makeKeyFolder,
  refuseTaken,
  signingFiles,
  writeIdentity,
  writeSigningKey,
} from "./set-up/key-files.ts";
import { table } from "./frame/text.ts";

export const keysNew = command({
  name: "keys new",
  usage: "[folder]",
  describe: "make an age identity and a signing key for a host",
  examples: [
    ["keys new", "write keys/host.agekey, keys/signing.jwk and keys/signing.pub.jwk"],
    ["keys new /media/safe --only identity", "an identity for escrow, kept offline"],
    ["keys new --post-quantum", "hybrid identity; every other recipient must be hybrid too"],
  ],
  options: (yargs) =>
    yargs
      .positional("folder", {
        type: "string",
        default: "keys",
        describe: "where to write; nothing is ever overwritten",
      })
      .option("only", {
        choices: ["identity", "signing"] as const,
        requiresArg: true,
        describe: "make one of the two",
      })
      .option("post-quantum", {
        type: "boolean",
        describe: "hybrid X25519 and ML-KEM-768 identity; needs age 1.3 to open by hand",
      }),
  run: async ({ folder, only, postQuantum }, { machine }, out) => {
    const where = resolve(machine.cwd, folder);
    await makeKeyFolder(where);
    await refuseTaken(where, [
      ...(only === "signing" ? [] : identityFiles),
      ...(only === "identity" ? [] : signingFiles),
    ]);
    const suite = postQuantum === true ? "post-quantum" : "classic";
    const identity = only === "signing" ? null : await writeIdentity(where, suite, machine.clock);
    const signing = only === "identity" ? null : await writeSigningKey(where);
    out.result({ identity, signing }, () =>
      table(
        ["key", "file", "to be told to others"],
        [
          ...(identity === null ? [] : [["identity", identity.path, identity.recipient]]),
          ...(signing === null ? [] : [["signing", signing.privatePath, signing.publicPath]]),
        ],
      ),
    );
    return exitCodes.done;
  },
});
