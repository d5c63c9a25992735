/** Every command there is, in the order of the help. */
import { backup } from "./backup.ts";
import { catalogRebuild } from "./catalog-rebuild.ts";
import type { Command } from "./command.ts";
import { configCheck } from "./config-check.ts";
import { daemon } from "./daemon.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { holdAdd } from "./hold-add.ts";
import { holdList } from "./hold-list.ts";
import { holdRelease } from "./hold-release.ts";
import { init } from "./init.ts";
import { keysNew } from "./keys-new.ts";
import { keysRotate } from "./keys-rotate.ts";
import { keysShow } from "./keys-show.ts";
import { list } from "./list.ts";
import { metrics } from "./metrics.ts";
import { observe } from "./observe.ts";
import { prune } from "./prune.ts";
import { restore } from "./restore.ts";
import { retentionExplain } from "./retention-explain.ts";
import { show } from "./show.ts";
import { storesCheck } from "./stores-check.ts";
import { tenants } from "./tenants.ts";
import { tenantsSchedule } from "./tenants-schedule.ts";
import { verify } from "./verify.ts";

export const commands: readonly Command[] = [
  demo,
  init,
  doctor,
  configCheck,
  storesCheck,
  keysNew,
  keysShow,
  keysRotate,
  tenants,
  tenantsSchedule,
  backup,
  list,
  show,
  verify,
  restore,
  retentionExplain,
  prune,
  holdAdd,
  holdRelease,
  holdList,
  daemon,
  metrics,
  observe,
  catalogRebuild,
];
