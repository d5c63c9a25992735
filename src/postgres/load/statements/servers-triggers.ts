import type { TocEntry } from "../../archive/toc.ts";

const ofServer =
  /^\s*ALTER (?:FOREIGN )?TABLE [^;]+ (?:DISABLE|ENABLE(?: ALWAYS| REPLICA)?) TRIGGER "RI_ConstraintTrigger_[ac]_\d+";\s*$/;

/**
 * Whether an entry only says that triggers of the server's own, by which it watches a partition's foreign key, are not as
 * those of the table above: they are named after numbers that are others in each database, so that no archive can say it.
 * The backup lists the key among what it leaves out, and the comparison tells it.
 */
export function isOfServersTrigger({ desc, defn }: Pick<TocEntry, "desc" | "defn">): boolean {
  return desc === "TRIGGER" && ofServer.test(defn);
}
