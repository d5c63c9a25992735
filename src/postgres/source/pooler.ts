import { bad, good, type Examined } from "./examined.ts";
import type { Session } from "../session/session.ts";

/** A new session has no such setting, unless somebody before us used the same one. */
const mark = "set by the first";

/**
 * Whether a pooler hands the same server session to several of ours, transaction by transaction. Then
 * SETs reach somebody else and the holder is no holder. A second session opens a transaction, which
 * takes whatever backend is free; a first one that is alone would be found on it, or moved away from it.
 * Both sessions are new, in no transaction, and are left so.
 */
export async function examinePooler(first: Session, second: Session): Promise<Examined> {
  await first.query(`set holdfast.probe = '${mark}'`);
  const before = await look(first);
  await second.query("begin");
  const other = await look(second);
  // Asked only if there are two backends, since with one the answer would never come.
  const after = other.pid === before.pid ? before : await look(first);
  await second.query("rollback");
  await first.query("reset holdfast.probe");
  if (other.pid === before.pid || other.mark === mark || after.pid !== before.pid || after.mark !== mark) {
    return bad(
      "pooler",
      "source/pooler",
      "statements outside a transaction reach different sessions of the server",
    );
  }
  return good("pooler", "every connection has a session of its own");
}

async function look(session: Session): Promise<{ readonly pid: number; readonly mark: string | null }> {
  const [found] = await session.query<{ pid: number; mark: string | null }>(
    "select pg_catalog.pg_backend_pid() as pid, pg_catalog.current_setting('holdfast.probe', true) as mark",
  );
  return found ?? { pid: 0, mark: null };
}
