/** `holdfast status` for people: what is wrong first, worst of all first, and no more than fits a screen. */
import { spell } from "../../model/duration.ts";
import type { Scheduler, Status } from "./found.ts";
import { count, table } from "../frame/text.ts";

const rowsMax = 20;

export function statusText(found: Status): string {
  const { tenants, queues, running, deadLetters, stoppedPrunes } = found;
  const now = Date.parse(found.at);
  const since = (at: string): string => spell(Math.max(0, now - Date.parse(at)));
  const waiting = (queues ?? []).filter(({ jobs, state }) => jobs > 0 && state !== "active");
  return [
    summary(found, since),
    listed(
      ["tenant", "not as wanted", "newest backup", "newest proven", "copies"],
      (tenants?.breaching ?? []).map((one) => [
        one.tenant,
        one.breaches.join(", "),
        one.newestBackup ?? "none",
        one.recoveryPoint ?? "none",
        `${String(one.copies)} of ${String(one.copiesRequired)}`,
      ]),
    ),
    listed(
      ["given up", "work", "because", "at"],
      (deadLetters ?? []).map(({ queue, work, code, at }) => [queue, work, code ?? "its worker died", at]),
    ),
    listed(
      ["prune stopped", "at", "to see why"],
      (stoppedPrunes ?? []).map(({ tenant, at }) => [tenant, at, `holdfast retention explain ${tenant}`]),
    ),
    listed(
      ["running", "work", "for"],
      (running ?? []).map((one) => [one.queue, one.work, since(one.since)]),
    ),
    listed(
      ["queue", "state", "jobs"],
      waiting.map(({ queue, state, jobs }) => [queue, state, String(jobs)]),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function summary(found: Status, since: (at: string) => string): string {
  const { catalog, daemons, scheduler, tenants, stores } = found;
  const heard = (daemons ?? []).map(
    ({ host, heardAt }) => `${host}${heardAt === null ? "" : ` (heard of ${since(heardAt)} ago)`}`,
  );
  const up = stores.map(({ store, up: isUp, problem }) =>
    isUp ? `${store} up` : `${store} DOWN (${problem ?? ""})`,
  );
  const breaches = Object.entries(tenants?.byBreach ?? {}).map(
    ([kind, number]) => `${String(number)} ${kind}`,
  );
  return [
    `catalog: ${catalogWords[catalog]}`,
    `daemons: ${daemons === null ? "not known" : heard.length === 0 ? "NONE" : heard.join(", ")}`,
    ...(scheduler === null ? [] : [`scheduler: ${schedulerWords(scheduler)}`]),
    `stores: ${up.join(", ")}`,
    tenants === null
      ? "tenants: not known; `holdfast tenants` asks the stores"
      : `tenants: ${count(tenants.total, "tenant")}, ${String(tenants.breaching.length)} not as the plan wants${breaches.length > 0 ? ` (${breaches.join(", ")})` : ""}`,
  ].join("\n");
}

function schedulerWords({ ageSeconds, isLate }: Scheduler): string {
  if (ageSeconds === null) return "has never handed out anything";
  return `last beat ${spell(ageSeconds * 1000)} ago${isLate ? ", LATE: nothing new is begun" : ""}`;
}

const catalogWords: Readonly<Record<Status["catalog"], string>> = {
  up: "up",
  "not-running": "not running, so no daemon runs on this host",
  unreachable: "does not answer",
};

function listed(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const more = rows.length - rowsMax;
  const shown = table(head, rows.slice(0, rowsMax));
  return more > 0 ? `${shown}\nand ${String(more)} more; --json has them` : shown;
}
