/** `holdfast keys show`: who this host is, what it may sign, and whom it believes. Prints no secret. */
import { exitCodes } from "../base/failure.ts";
import { command } from "./frame/command.ts";
import { type HostKeys, hostKeys } from "../desk/host-keys.ts";
import { table } from "./frame/text.ts";

export const keysShow = command({
  name: "keys show",
  describe: "show the recipient and roles of this host, its signing key, and whom it trusts",
  examples: [
    ["keys show", "recipients and key ids, never a secret"],
    ["keys show --json", "the same for a script"],
  ],
  options: (yargs) => yargs,
  run: async (_args, context, out) => {
    const shown = await hostKeys(await context.config());
    out.result(shown, () => text(shown));
    const problems = [shown.identity, shown.signing, ...shown.trusted].some(
      (one) => (one?.problem ?? null) !== null,
    );
    return problems ? exitCodes.failed : exitCodes.done;
  },
});

function text({ identity, signing, trusted }: HostKeys): string {
  const period = (from: string | null, until: string | null): string =>
    `${from === null ? "" : ` from ${from}`}${until === null ? "" : ` until ${until}`}`;
  const rows = [
    identity === null
      ? ["identity", "none", "", "this host opens nothing"]
      : ["identity", identity.recipient ?? "", identity.roles.join(", "), identity.problem ?? ""],
    signing === null
      ? ["signing", "none", "", "this host signs nothing"]
      : ["signing", signing.kid ?? "", signing.may.join(", "), signing.problem ?? ""],
    ...trusted.map(({ kid, may, from, until, problem }) => [
      "trusted",
      kid ?? "",
      `${may.join(", ")}${period(from, until)}`,
      problem ?? "",
    ]),
  ];
  return table(["key", "recipient or id", "roles or purposes", "problem"], rows);
}
