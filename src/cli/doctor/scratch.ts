import { isFailure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import { connect } from "../../postgres/session/connect.ts";
import { allPrograms, majorOf, type Programs } from "../../postgres/server/programs.ts";
import { type PrivateServer, startPrivateServer } from "../../postgres/server/private-server.ts";
import { type ServerOffers, serverOffers } from "../../postgres/server/server-offers.ts";
import type { Desk } from "../../desk/desk.ts";
import type { Examination } from "./examination.ts";

export interface ScratchExamined {
  readonly examinations: readonly Examination[];
  /** What scratch of each major version could hold. */
  readonly offers: ReadonlyMap<number, ServerOffers>;
}

/** Starts a scratch server of every installed major version, looks at its walls, and asks what it could hold. */
export async function examineScratch(desk: Desk, wait: Waiting): Promise<ScratchExamined> {
  const offers = new Map<number, ServerOffers>();
  const examinations: Examination[] = [];
  for (const programs of await allPrograms(desk.binFolders, wait)) {
    const major = majorOf(programs.versionNum);
    if (offers.has(major)) continue;
    try {
      await using server = await start(desk, programs, wait);
      examinations.push({
        area: "scratch",
        subject: `start of ${String(major)}`,
        outcome: "passed",
        detail: `a server started in ${desk.config.scratch.path}`,
      });
      if (offers.size === 0) examinations.push(...walls(server));
      await using session = await connect(server.address, "scratch", {}, wait);
      offers.set(major, await serverOffers(session));
    } catch (error) {
      if (!isFailure(error) || wait.signal.aborted) throw error;
      examinations.push({
        area: "scratch",
        subject: `start of ${String(major)}`,
        outcome: "failed",
        detail: error.message,
        hint: error.hint,
      });
    }
  }
  return { examinations, offers };
}

async function start(desk: Desk, programs: Programs, wait: Waiting): Promise<PrivateServer> {
  return startPrivateServer(
    {
      root: desk.config.scratch.path,
      binFolder: programs.folder,
      superuser: { kind: "random" },
      runAs: await desk.scratchUser(),
      chance: desk.machine.chance,
    },
    wait,
  );
}

function walls({ isolation }: PrivateServer): Examination[] {
  const wall = (subject: string, there: boolean, yes: string, no: string): Examination => ({
    area: "scratch",
    subject,
    outcome: there ? "passed" : "warned",
    detail: there ? yes : no,
  });
  return [
    wall(
      "user",
      isolation.ownUser,
      "runs as a user of its own",
      "runs as our own user, so code of a tenant that breaks out of it can read our keys",
    ),
    wall(
      "network",
      isolation.noNetwork,
      "has no network",
      "has the network of this host, so code of a tenant can reach out; such dumps come out inconclusive",
    ),
    wall(
      "memory",
      isolation.inMemory,
      "lies in memory",
      "lies on a disk, where unlinking is not wiping; put scratch.path on tmpfs or on a volume with an ephemeral key",
    ),
    wall(
      "end",
      isolation.diesWithUs,
      "ends when Holdfast dies",
      "may outlive a crash of Holdfast, until the next start",
    ),
    wall(
      "core dumps",
      isolation.noCoreDumps,
      "writes no core dumps",
      "may write core dumps with rows in them",
    ),
  ];
}
