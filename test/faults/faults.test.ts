/**
 * The bad luck and bad input that Holdfast survives with a clear error, nothing lost and nothing half-counted,
 * and the test that holds each of them. This test holds that those tests exist.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

interface Held {
  readonly fault: string;
  /** Files below `test/`, each with words of the names of its tests that hold it. */
  readonly by: Readonly<Record<string, readonly string[]>>;
}

const held: readonly Held[] = [
  // The source.
  {
    fault: "source unreachable",
    by: {
      "faults/sources": ["that nobody answers at is unreachable"],
      "integration/read-preflight": ["cannot be reached"],
    },
  },
  { fault: "wrong password", by: { "faults/sources": ["that refuses the password says so"] } },
  { fault: "database gone", by: { "cli/backup": ["whose database is gone"] } },
  {
    fault: "pg_dump older than the server",
    by: { "faults/sources": ["that are older than the server are not used"] },
  },
  {
    fault: "waiting behind an ALTER TABLE",
    by: {
      "faults/sources": ["a migration has locked"],
      "faults/read-locks": ["is let through after yieldAfterMs"],
    },
  },
  {
    fault: "a transaction pooler in between",
    by: {
      "faults/sources": ["behind a transaction pooler"],
      "integration/read-preflight": ["behind a transaction pooler"],
    },
  },
  { fault: "permission denied on one table", by: { "faults/sources": ["one table that may not be read"] } },
  {
    fault: "connection cut in the middle of a COPY",
    by: { "faults/sources": ["in the middle of a COPY"], "faults/read-broken": ["in the middle of a COPY"] },
  },
  {
    fault: "pg_dump killed",
    by: {
      "faults/sources": ["of which pg_dump is killed"],
      "faults/read-broken": ["when pg_dump was killed"],
    },
  },
  {
    fault: "the source's clock is wrong",
    by: { "faults/backup-stores-fail": ["ahead or behind fails the backup"] },
  },
  // The stores.
  { fault: "store full", by: { "faults/sources": ["that is full costs its own copy"] } },
  { fault: "store refusing", by: { "faults/sources": ["that refuses to be written to"] } },
  { fault: "store gone", by: { "cli/backup": ["while a store is gone"] } },
  { fault: "store lost at any call", by: { "faults/backup-stores-fail": ["may go down at any chunk"] } },
  {
    fault: "clock wrong for S3",
    by: { "contract/s3-answers": ["clock"], "faults/backup-stores-fail": ["clock that is wrong"] },
  },
  {
    fault: "objects vanish or are condemned meanwhile",
    by: { "faults/backup-removals": ["when it vanishes from one"] },
  },
  {
    fault: "a line to a store that is reset, closed, silent, slow or cut, or ends answers early and cleanly",
    by: { "faults/line-to-store": ["over a line that"] },
  },
  {
    fault: "a line to a store that spoils what is read",
    by: {
      "faults/line-to-store": ["accuses no store"],
      "faults/verify-over-line": ["spoils each of them in another way"],
    },
  },
  {
    fault: "a verification over a bad line",
    by: { "faults/verify-over-line": ["that is reset and cut, is proven", "that is gone"] },
  },
  {
    fault: "storms of 503 and 500",
    by: { "faults/line-to-store": ["over a line that from the middle on"] },
  },
  {
    fault: "a connection to PostgreSQL that is half open",
    by: {
      "faults/silent-servers": [
        "that %s is lost, by what the server says of it",
        "when the whole server goes silent",
        "and stop coming are lost",
        "and do not arrive any more are lost",
      ],
    },
  },
  {
    fault:
      "a line to PostgreSQL that is reset, closed, silent, slow or cut, at any moment of a backup or a restore",
    by: {
      "faults/line-to-postgres": ["is lost", "is made", "says how to clear away"],
    },
  },
  {
    fault: "a line to PostgreSQL that trickles for ever",
    by: {
      "faults/silent-servers": [
        "reads is given up",
        "is written is given up",
        "whose connection trickles is ended",
      ],
      "faults/line-to-postgres": ["is lost"],
    },
  },
  {
    fault: "rows that come slowly, taken for a line that trickles",
    by: {
      "faults/silent-servers": [
        "are hard to find is waited for",
        "are taken slowly is waited for",
        "is slow and good is let be",
      ],
    },
  },
  {
    fault: "a pg_dump that waits for ever",
    by: { "faults/silent-servers": ["whose connection goes silent is ended"] },
  },
  {
    fault: "a statement that takes its time, taken for dead",
    by: { "faults/silent-servers": ["that takes its time is waited for", "may be taken slowly"] },
  },
  {
    fault: "stores that fail while a source hangs",
    by: { "faults/backup-source-fails": ["end the backup without waiting for the source"] },
  },
  {
    fault: "a volume that is not mounted, and one place under two names",
    by: { "faults/backup-places": ["where a volume was to be mounted", "are one copy"] },
  },
  {
    fault: "a volume that goes away while it is worked with, or another in its place",
    by: {
      "faults/place-swapped": [
        "counts no copy there when",
        "where the quorum wants that store",
        "neither proves nor refutes anything when",
        "says nothing of what lies in",
        "are not called copied",
        "heal nothing that lies in the volume",
      ],
    },
  },
  // The copies.
  {
    fault: "key objects exchanged in a store",
    by: { "faults/backup-keys": ["with other key objects of the same length"] },
  },
  { fault: "two backups within one second", by: { "faults/backup-states": ["are told newest first"] } },
  {
    fault: "inventories and keys that lie to a scrub",
    by: { "faults/scrub-lies": ["speaks against its own backup alone"] },
  },
  { fault: "any damage at rest", by: { "faults/scrub": ["damage"] } },
  {
    fault: "any mixture of damages, as long as each object is whole somewhere",
    by: { "faults/heal-at-random": ["seed %i"] },
  },
  {
    fault: "a store that replays, hides and swaps whatever it ever saw",
    by: { "faults/store-at-war": ["costs the other store nothing", "had something to lose"] },
  },
  {
    fault: "a store that was emptied, or whose objects are locked and damaged",
    by: { "faults/heal-stores": ["that is empty is filled", "has a locked object healed"] },
  },
  {
    fault: "object missing, truncated, flipped, swapped with another tenant's",
    by: {
      "faults/copies": ["missing, truncated, flipped and another tenant's"],
      "faults/backup-forgery": ["of another tenant"],
    },
  },
  {
    fault: "another object damaged in each store",
    by: { "faults/copies": ["object by object", "whole only together"] },
  },
  {
    fault: "an object damaged in every store",
    by: { "faults/copies": ["that no store has whole", "missing in every store"] },
  },
  { fault: "keys damaged or gone", by: { "faults/copies": ["whose keys are gone"] } },
  { fault: "record with a bad signature", by: { "faults/records": ["with a bad signature"] } },
  { fault: "record by an unknown signer", by: { "faults/records": ["by an unknown signer"] } },
  {
    fault: "signer not trusted for that purpose",
    by: { "faults/records": ["not trusted for records", "not trusted for proofs"] },
  },
  { fault: "a forged recipient", by: { "faults/records": ["before anything is sealed to it"] } },
  { fault: "record from the future", by: { "faults/records": ["from the future never becomes the latest"] } },
  { fault: "unknown format version", by: { "faults/records": ["of an unknown version"] } },
  { fault: "records withheld", by: { "faults/backup-forgery": ["show as a gap"] } },
  // This host.
  {
    fault: "wrong age identity",
    by: { "faults/records": ["can neither verify nor restore", "no identity at all"] },
  },
  { fault: "a tenant's name that is a path", by: { "faults/sources": ["is refused by every command"] } },
  {
    fault: "scratch disk full",
    by: { "faults/interrupted": ["scratch disk %s is inconclusive"] },
  },
  { fault: "scratch server killed", by: { "faults/interrupted": ["whose scratch server is killed"] } },
  { fault: "scratch lacks what the copy needs", by: { "faults/targets": ["leaves the verdict open"] } },
  {
    fault: "SIGINT",
    by: {
      "faults/interrupted": ["that is interrupted exits 130"],
      "cli/backup": ["that is cancelled exits 130"],
      "cli/demo": ["that is interrupted"],
    },
  },
  {
    fault: "SIGKILL",
    by: {
      "faults/interrupted": [
        "that is killed leaves no proof",
        "that is killed leaves a target",
        "is told not to have been compared",
      ],
      "faults/backup-killed": ["the next"],
      "cli/backup": ["that is killed not at all"],
    },
  },
  {
    fault: "error messages full of rows",
    by: { "faults/canary": ["prints none of them", "lies open in a store"] },
  },
  // The daemon and its catalog.
  {
    fault: "catalog down in the middle of the night",
    by: {
      "faults/daemon-bad-luck": [
        "stops neither the backup nor the daemon",
        "is waited for by a daemon that starts",
      ],
    },
  },
  {
    fault: "store down for a day",
    by: {
      "faults/daemon-bad-luck": ["costs a copy that is completed once it is back"],
      "faults/replicate": ["by being down is left out and told"],
    },
  },
  {
    fault: "disk full under state/",
    by: { "faults/daemon-bad-luck": ["keeps copies from being proven here"] },
  },
  {
    fault: "SIGKILL at random moments",
    by: {
      "faults/backups-killed": ["leaves nothing that counts and is not whole"],
      "faults/daemons-killed": ["does every slot once, that of the killed one too"],
    },
  },
  {
    fault: "two daemons with clocks ten minutes apart",
    by: {
      "faults/daemon-bad-luck": [
        "leaves its work to the one whose clock is right",
        "hands out no slot twice",
      ],
    },
  },
  {
    fault: "a tenant database dropped, renamed or added while running",
    by: { "faults/daemon-bad-luck": ["come, go and are renamed while the daemon runs"] },
  },
  {
    fault: "a plan file made invalid while running",
    by: { "faults/daemon-bad-luck": ["stays as it was when it is invalid"] },
  },
  { fault: "daemon off for three days", by: { "unit/scheduler": ["catches up one backup of each kind"] } },
  {
    fault: "catalog clock set back an hour",
    by: { "unit/scheduler": ["pulls the watermark back and runs nothing twice"] },
  },
  // Removal and healing.
  {
    fault: "a prune beside backups, heals, replicates, slow writers and crashes",
    by: {
      "faults/prune": ["that reuses what is condemned meanwhile"],
      "faults/removal-at-random": ["did something between them"],
    },
  },
  {
    fault: "a store that hides records or chunks from a prune",
    by: {
      "faults/prune": ["when one store shows fewer records than another"],
      "faults/prune-kept": ["the newest records, and is a tenant's only one"],
    },
  },
  {
    fault: "a store's clock a week ahead between condemning and removing",
    by: { "faults/prune-kept": ["running a week ahead since the list was written"] },
  },
  { fault: "two prunes at once", by: { "faults/prune-interrupted": ["by two hosts, do what one does"] } },
  {
    fault: "a hold laid while a prune works",
    by: { "faults/prune-kept": ["keeps the prune from condemning anything"] },
  },
  {
    fault: "SIGKILL at any step",
    by: {
      "faults/killed-at-steps": [
        "in the middle and at its last step has broken nothing",
        "in the middle and at its last request has broken nothing",
      ],
    },
  },
  { fault: "a heal cut off at any call", by: { "faults/heal": ["leaves promise 1 as it was"] } },
  {
    fault: "a record that is not believed, and what it names lacking, condemned or not to be written",
    by: {
      "faults/heal-records": [
        "comes back with what else is lacking of its backup",
        "stays where a list of what is condemned cannot be read",
        "stays where no store holds what it names",
        "stays where its store %s",
      ],
    },
  },
  {
    fault: "a store that takes all but one object, and an inventory that lies of a length or is gone",
    by: {
      "faults/heal-objects": [
        "holds up no other",
        "that gives an object another length than it has is the one that is lost",
        "that no store has any more is told",
      ],
    },
  },
  {
    fault: "a signer of records who gives another backup's object other bytes",
    by: { "faults/replicate-mistrust": ["has nothing written over"] },
  },
  {
    fault: "a store that forgets what it was given, or is stuck at other bytes",
    by: {
      "faults/replicate-mistrust": [
        "holds up no backup but those that name it",
        "is not believed to have mended what does not read back",
      ],
    },
  },
  { fault: "a replicate cut off at any call", by: { "faults/replicate": ["leaves promise 1 intact"] } },
  {
    fault: "garbage put under a name beforehand",
    by: { "faults/replicate": ["is never believed for its size"] },
  },
  {
    fault: "forged or false findings",
    by: { "faults/heal": ["are not believed when a stranger signed them"] },
  },
  {
    fault: "a stolen backup host, whose records and chunks lie",
    by: {
      "faults/poisoned-reuse": [
        "are refuted, told in the proof",
        "cannot count so high that nobody believes",
      ],
    },
  },
  {
    fault: "the host's clock set at any moment of a verify, scrub, heal, prune, hold or restore",
    by: {
      "faults/clock-set": [
        "is never refuted, nor its proof dated wrongly",
        "a scrub finds what is damaged whenever it looks",
        "a heal dates nothing wrongly",
        "a prune dates no list wrongly",
        "a hold and its release",
        "takes the newest proven backup or none, whenever the clock is set",
      ],
    },
  },
  {
    fault: "two hosts whose clocks or plans disagree",
    by: {
      "faults/hosts-disagree": [
        "outweighs the proof that one ahead has signed before",
        "outweighs the heal that one ahead has stated",
        "outweighs its refutation by one ahead",
        "what the other has taken",
      ],
    },
  },
  {
    fault: "a backup of more objects than a call takes arguments",
    by: { "faults/many-objects": ["is carried whole"] },
  },
  {
    fault: "more damage than one document holds",
    by: { "faults/many-findings": ["is told whole"] },
  },
  // The target.
  {
    fault: "target not empty, the live tenant among them",
    by: { "faults/targets": ["that is the live tenant itself"] },
  },
  {
    fault: "target unreachable, or its password wrong",
    by: { "faults/targets": ["nobody answers at", "whose password is wrong"] },
  },
  { fault: "target lost on the way", by: { "faults/interrupted": ["whose target dies"] } },
  {
    fault: "target lacks an extension, room, a locale, is older, of another encoding, or gives no rights",
    by: {
      "faults/targets": [
        "lacks an extension's version",
        "is older than the source",
        "another encoding",
        "may make nothing",
      ],
    },
  },
];

const tests = resolve(import.meta.dirname, "..");

/** The names of the tests in a file, as they stand there. */
function namesIn(file: string): string {
  const text = readFileSync(join(tests, `${file}.test.ts`), "utf8");
  const calls = text.matchAll(/\b(?:it|describe)(?:\.(?:each|for)[^]*?\))?\(\s*(?:`|")([^]*?)(?:`|"),/g);
  return Array.from(calls, ([, name]) => name ?? "").join("\n");
}

describe("every fault that Holdfast survives", () => {
  it.each(held)("is held by a test: $fault", ({ by }) => {
    expect(Object.keys(by).length).toBeGreaterThan(0);
    for (const [file, words] of Object.entries(by)) {
      const names = namesIn(file);
      for (const word of words) expect(names).toContain(word);
    }
  });

  it("is in the list, whichever file holds it", () => {
    const listed = new Set(held.flatMap(({ by }) => Object.keys(by)));
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));
    const unlisted = files
      .map((name) => name.slice(0, -".test.ts".length))
      .filter((name) => !listed.has(`faults/${name}`));
    // This one, and one that holds how much a prune asks for.
    expect(unlisted.toSorted()).toEqual(["faults", "prune-requests"]);
  });
});
