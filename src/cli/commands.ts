/**
 * Every command there is, by its name, in the order of the help. A command is loaded when it is called: all of
 * them together, with the libraries that only a daemon needs, take a second to load.
 */
import type { Command } from "./frame/command.ts";

const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import("./demo.ts")).demo,
  challenge: async () => (await import("./challenge.ts")).challenge,
  init: async () => (await import("./init.ts")).init,
  doctor: async () => (await import("./doctor.ts")).doctor,
  "config check": async () => (await import("./config-check.ts")).configCheck,
  "stores check": async () => (await import("./stores-check.ts")).storesCheck,
  "keys new": async () => (await import("./keys-new.ts")).keysNew,
  "keys show": async () => (await import("./keys-show.ts")).keysShow,
  "keys rotate": async () => (await import("./keys-rotate.ts")).keysRotate,
  tenants: async () => (await import("./tenants.ts")).tenants,
  "tenants schedule": async () => (await import("./tenants-schedule.ts")).tenantsSchedule,
  backup: async () => (await import("./backup.ts")).backup,
  list: async () => (await import("./list.ts")).list,
  show: async () => (await import("./show.ts")).show,
  verify: async () => (await import("./verify.ts")).verify,
  replicate: async () => (await import("./replicate.ts")).replicate,
  scrub: async () => (await import("./scrub.ts")).scrub,
  heal: async () => (await import("./heal.ts")).heal,
  restore: async () => (await import("./restore.ts")).restore,
  "retention explain": async () => (await import("./retention-explain.ts")).retentionExplain,
  prune: async () => (await import("./prune.ts")).prune,
  "hold add": async () => (await import("./hold-add.ts")).holdAdd,
  "hold release": async () => (await import("./hold-release.ts")).holdRelease,
  "hold list": async () => (await import("./hold-list.ts")).holdList,
  daemon: async () => (await import("./daemon.ts")).daemon,
  status: async () => (await import("./status.ts")).status,
  metrics: async () => (await import("./metrics.ts")).metrics,
  observe: async () => (await import("./observe.ts")).observe,
  "catalog rebuild": async () => (await import("./catalog-rebuild.ts")).catalogRebuild,
};

/**
 * Those that a command line may mean, or all where it names none: for the help, and to say what is wrong with it. Only
 * the version takes none.
 */
export async function commandsFor(args: readonly string[]): Promise<readonly Command[]> {
  const words = args.filter((_, index) => args[index - 1] !== "--config");
  const meant = Object.keys(loaders).filter((name) => words.includes(name.replace(/ .*/, "")));
  const asksVersion = words.includes("--version") && !words.includes("--help");
  return meant.length === 0 && !asksVersion ? allCommands() : load(meant);
}

export async function allCommands(): Promise<readonly Command[]> {
  return load(Object.keys(loaders));
}

async function load(names: readonly string[]): Promise<readonly Command[]> {
  return Promise.all(names.flatMap((name) => loaders[name]?.() ?? []));
}
