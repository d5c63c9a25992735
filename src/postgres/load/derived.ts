import type { Derived, SequenceState } from "../../model/fingerprint.ts";
import { quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { readsForeign } from "../readings/derived.ts";
import type { LoadContext } from "./context.ts";
import { isTimeout, refusalOf, type Refusal } from "./report.ts";

const batchMax = 500;

/** Sets sequences to where they were. The administrator does it, as some belong to extensions; it runs no tenant code. */
export async function setSequences(
  { admin, ledger }: LoadContext,
  sequences: readonly SequenceState[],
): Promise<void> {
  const statement = `select pg_catalog.setval(pg_catalog.format('%I.%I', s.schema, s.name)::pg_catalog.regclass, s.value, s.called)
     from unnest($1::text[], $2::text[], $3::int8[], $4::bool[]) as s(schema, name, value, called)`;
  const set = async (some: readonly SequenceState[]): Promise<void> => {
    const columns = [
      some.map(({ schema }) => schema),
      some.map(({ name }) => name),
      some.map(({ lastValue }) => lastValue),
      some.map(({ isCalled }) => isCalled),
    ];
    await admin.query(statement, columns);
  };
  for (let at = 0; at < sequences.length; at += batchMax) {
    const batch = sequences.slice(at, at + batchMax);
    try {
      await set(batch);
    } catch (error) {
      refusalOf(error);
      for (const one of batch) {
        await set([one]).catch((single: unknown) => {
          ledger.problem(`SEQUENCE SET ${one.schema}.${one.name}`, refusalOf(single));
        });
      }
    }
  }
}

/**
 * Fills the materialised views that were populated, in the order of the archive, which is that of their
 * dependencies; one that reads another not yet filled is tried again after it.
 */
export async function refreshMatviews(context: LoadContext, loader: Session): Promise<void> {
  const { fingerprint, entries, ledger } = context;
  const key = (schema: string, name: string): string => JSON.stringify([schema, name]);
  const populated = new Set(
    fingerprint.matviews
      .filter((view) => view.populated && !isFar(context, view))
      .map(({ schema, name }) => key(schema, name)),
  );
  const refresh = (view: { readonly schema: string; readonly name: string }, searchPath: string) =>
    loader.query(`${context.preamble(searchPath)}refresh materialized view ${quoteName(view)}`);
  const views = entries.filter(
    ({ desc, namespace, tag }) => desc === "MATERIALIZED VIEW" && populated.has(key(namespace, tag)),
  );
  let pending = views.map(({ namespace, tag }) => ({ schema: namespace, name: tag }));
  for (const searchPath of ["", context.ownSearchPath]) {
    for (let before = Infinity; pending.length > 0 && pending.length < before;) {
      before = pending.length;
      const refused: typeof pending = [];
      for (const view of pending) {
        try {
          await refresh(view, searchPath);
          if (searchPath !== "")
            ledger.note(`materialised view ${view.schema}.${view.name} needs the database's own search_path`);
        } catch (error) {
          const refusal = refusalOf(error);
          if (isTimeout(refusal)) tellRefused(context, view, refusal);
          else refused.push(view);
        }
      }
      pending = refused;
    }
  }
  for (const view of pending) {
    await refresh(view, "").catch((error: unknown) => tellRefused(context, view, refusalOf(error)));
  }
}

/** Scratch may ask no other server. */
function isFar({ destination, ledger }: LoadContext, { schema, name, reason }: Derived): boolean {
  if (destination.side !== "scratch" || reason !== readsForeign) return false;
  ledger.note(`materialised view ${schema}.${name} reads a foreign table and is not refreshed here`);
  return true;
}

/** What a user mapping of the loader's would have to say is the machine's to lack. */
function tellRefused(
  { ledger }: LoadContext,
  { schema, name }: { readonly schema: string; readonly name: string },
  refusal: Refusal,
): void {
  const kind = refusal.sqlState === "42704" ? "machine" : refusal.kind;
  ledger.problem(`MATERIALIZED VIEW DATA ${schema}.${name}`, { ...refusal, kind });
}
