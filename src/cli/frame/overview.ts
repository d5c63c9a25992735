/** The words of the top-level help. */

export const overview = {
  usage: `holdfast COMMAND

Sealed, proven backups of every tenant of a PostgreSQL SaaS, and the way back from them.`,
  examples: [
    ["demo", "the whole story on this machine, with nothing set up"],
    ["init", "write a working configuration, keys and two directory stores here"],
    ["doctor", "examine this host, the sources and the stores before the first backup"],
    ["backup acme", "back up one tenant now"],
    ["verify acme", "prove its copies by restoring them into scratch"],
    ["restore acme --to postgres://host/acme", "bring it back from the newest proven copy"],
  ],
  epilogue: `Exit: 0 done, 1 failed, 2 wrong usage or configuration, 3 found bad, 4 done but degraded,
5 nothing suitable, 6 refused by policy, 130 cancelled.
Data goes to standard output, talk to standard error; --json works on every command.`,
} as const;

/** Groups of commands and what they are about. */
export const groups: Readonly<Record<string, string>> = {
  catalog: "what the daemon remembers",
  config: "examine the configuration",
  hold: "keep backups from being removed",
  keys: "identities, recipients and signing keys",
  retention: "which backups are kept, and why",
  stores: "examine the stores",
};
