import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import type { Scope } from "../../model/fingerprint.ts";
import { sqlStateOf } from "../session/errors.ts";
import type { TocEntry } from "../archive/toc.ts";
import { isForWantOfOthers } from "./outside.ts";
import type { Withheld } from "./rights/withheld.ts";

/** What became of one entry of the archive's table of contents; every entry has exactly one outcome. */
export interface EntryOutcome {
  readonly dumpId: number;
  readonly desc: string;
  /** E.g. `TABLE public.invoice`. */
  readonly subject: string;
  readonly outcome: "applied" | "left-out" | "failed";
  /** Why it was left out or failed; may carry names and, for `failed`, values. */
  readonly reason?: string;
}

export interface LoadProblem {
  readonly subject: string;
  readonly sqlState: string | undefined;
  /** The server's own words; they may carry rows and are only ever sealed or shown to the restorer. */
  readonly message: string;
  /** `data`: what was backed up cannot be loaded. `machine`: this server lacks something or refuses us. */
  readonly kind: "data" | "machine";
}

export interface LoadReport {
  readonly entries: readonly EntryOutcome[];
  readonly problems: readonly LoadProblem[];
  /** Roles that were missing and made without login. */
  readonly placeholders: readonly string[];
  /** Roles that could log in at the source and need a password, and LOGIN, before they can here. */
  readonly loginsWithoutPassword: readonly string[];
  readonly notes: readonly string[];
  /** By design, each told in the notes as well. */
  readonly withheld: readonly Withheld[];
  readonly rows: number;
  readonly bytes: number;
}

/** Collects the report while the load goes on. */
export class Ledger {
  readonly #scope: Scope;
  readonly #outcomes = new Map<number, EntryOutcome>();
  readonly #problems: LoadProblem[] = [];
  readonly #notes = new Set<string>();
  readonly #withheld: Withheld[] = [];
  /** Entries that failed by the machine. */
  readonly #lacking = new Set<TocEntry>();
  readonly placeholders: string[] = [];
  readonly loginsWithoutPassword: string[] = [];
  /** Whether something of the archive may still be the loader's, which is then not dropped with it. */
  mayOwn = false;
  rows = 0;
  bytes = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  applied(entry: TocEntry): void {
    this.#outcomes.set(entry.dumpId, {
      dumpId: entry.dumpId,
      desc: entry.desc,
      subject: subjectOf(entry),
      outcome: "applied",
    });
  }

  leftOut(entry: TocEntry, reason: string): void {
    const { dumpId, desc } = entry;
    this.#outcomes.set(dumpId, { dumpId, desc, subject: subjectOf(entry), outcome: "left-out", reason });
  }

  /**
   * An entry that the server refused; `error` has been looked at by `refusalOf`. For want of another that
   * this server could not take, or of what is another tenant's, the data are not to blame either.
   */
  failed(entry: TocEntry, met: Refusal): void {
    const { dumpId, desc } = entry;
    const isFollowing = this.#lacking.values().some((lacking) => needs(entry, lacking));
    const refusal: Refusal = isFollowing ? { ...met, kind: "machine" } : this.#weighed(met);
    if (refusal.kind === "machine") this.#lacking.add(entry);
    const subject = subjectOf(entry);
    this.#outcomes.set(dumpId, { dumpId, desc, subject, outcome: "failed", reason: refusal.message });
    this.problem(subject, refusal);
  }

  problem(subject: string, refusal: Refusal): void {
    this.#problems.push({ subject, ...this.#weighed(refusal) });
  }

  #weighed(refusal: Refusal): Refusal {
    return isForWantOfOthers(refusal, this.#scope) ? { ...refusal, kind: "machine" } : refusal;
  }

  /** Something of the archive could be given to nobody. */
  kept(why: string): void {
    this.mayOwn = true;
    this.note(`what has no owner here stays with the temporary login, which cannot log in any more: ${why}`);
  }

  /** Not given, since others share the server. `words` say what. */
  withhold(what: Withheld, words: string): void {
    this.#withheld.push(what);
    this.note(`not given on a target: ${words}`);
  }

  note(text: string): void {
    this.#notes.add(text);
  }

  report(entries: readonly TocEntry[]): LoadReport {
    const missing = entries.filter(({ dumpId }) => !this.#outcomes.has(dumpId));
    if (missing.length > 0) {
      const names = missing.slice(0, 5).map(subjectOf).join(", ");
      throw new Failure("internal/bug", `${String(missing.length)} entries were not accounted for: ${names}`);
    }
    return {
      entries: entries
        .map(({ dumpId }) => this.#outcomes.get(dumpId))
        .filter((outcome) => outcome !== undefined),
      problems: this.#problems,
      placeholders: this.placeholders,
      loginsWithoutPassword: this.loginsWithoutPassword,
      notes: [...this.#notes],
      withheld: this.#withheld,
      rows: this.rows,
      bytes: this.bytes,
    };
  }

  isApplied({ dumpId }: TocEntry): boolean {
    return this.#outcomes.get(dumpId)?.outcome === "applied";
  }

  has(entry: TocEntry): boolean {
    return this.#outcomes.has(entry.dumpId);
  }
}

/** As the archive says, which tells nothing of the server that a user mapping is for. */
function needs(entry: TocEntry, other: TocEntry): boolean {
  if (entry.dependencies.includes(other.dumpId)) return true;
  return (
    entry.desc === "USER MAPPING" && other.desc === "SERVER" && entry.tag.endsWith(` SERVER ${other.tag}`)
  );
}

export function subjectOf({ desc, namespace, tag }: Pick<TocEntry, "desc" | "namespace" | "tag">): string {
  return namespace === "" ? `${desc} ${tag}` : `${desc} ${namespace}.${tag}`;
}

export type Refusal = Pick<LoadProblem, "sqlState" | "message" | "kind">;

/** Errors after which nothing more can be expected of the server: no resources, shut down, broken files. */
const ending = /^(53(?!400)|57P|58|F0|XX001|XX002|25P0[34])/;
/** A file is not there: the server's own, or an extension's, as 13 says it. */
const noSuchFile = "58P01";
/** The server lacks or forbids something; the data are not to blame. */
const machine = /^(08|0A000|0L|0P|22023|28|42501|53400|55000|57014|58P01|HV|XX000|40|55P03)/;

/** It took longer than a statement may; to try it again would take as long again. */
export function isTimeout({ sqlState }: Refusal): boolean {
  return sqlState === "57014";
}

/**
 * The refusal that an error means for one statement; what ends the whole load, such as a lost server,
 * a full disk, a damaged object or a cancelled wait, is thrown on instead. A file that is missing is the end too, but
 * where the statement itself asks for files that a server need not have.
 */
export function refusalOf(error: unknown, asksFor?: "an extension's files"): Refusal {
  const sqlState = sqlStateOf(error);
  if (!isFailure(error) || sqlState === undefined) throw error;
  if (ending.test(sqlState) && !(sqlState === noSuchFile && asksFor !== undefined)) throw error;
  const { cause } = error;
  return { sqlState, message: reasonOf(cause ?? error), kind: machine.test(sqlState) ? "machine" : "data" };
}
