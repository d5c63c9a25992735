/** The rules of retention in words. */
import type { KeepRule, RemovalReason } from "../../model/keep.ts";
import type { Stop } from "../../retention/stop.ts";

export function ruleText(rule: KeepRule): string {
  switch (rule.kind) {
    case "daily":
    case "weekly":
    case "monthly":
    case "yearly":
      return `${rule.kind} ${rule.period}`;
    case "last-proven":
      return `last proven in ${rule.store}`;
    case "newest-proven":
      return "newest proven";
    case "recent":
      return `recent, until ${rule.until}`;
    case "unproven":
      return rule.until === null ? "not proven, and nothing newer is" : `not proven, until ${rule.until}`;
    case "held":
      return `hold ${rule.hold}`;
    case "locked":
      return `locked until ${rule.until}`;
    case "suspect":
      return "its record is not believed: never removed";
  }
}

export function reasonText(reason: RemovalReason): string {
  switch (reason) {
    case "outlived":
      return "newer proven ones fill every place";
    case "unproven":
      return "never proven, and newer ones are";
    case "refuted":
      return "refuted, and newer ones are proven";
  }
}

export function stopText({ reason, store, detail }: Stop): string {
  return `${reason}${store === null ? "" : ` in ${store}`}: ${detail}`;
}
