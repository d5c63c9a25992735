/**
 * On a target that others share the loader makes servers, user mappings and foreign tables, so that a wrapper asks of them what
 * it asks of anybody: one made by a superuser may read the server's files, run programs or log in without a password.
 */
import { quoteIdent } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { refusalOf } from "../report.ts";
import { isShared } from "./shared.ts";

type Lending = Pick<LoadContext, "admin" | "destination" | "loader">;

/** All there are by now. */
export async function lendWrappers(context: Lending): Promise<void> {
  if (isShared(context.destination)) await change(context, "grant usage on", "to");
}

export async function takeBackWrappers(context: Lending): Promise<void> {
  if (isShared(context.destination)) await change(context, "revoke usage on", "from");
}

async function change({ admin, loader }: Lending, begin: string, to: string): Promise<void> {
  const found = await admin.query<{ name: string }>(
    "select fdwname::text as name from pg_catalog.pg_foreign_data_wrapper",
  );
  for (const { name } of found) {
    try {
      await admin.query(`${begin} foreign data wrapper ${quoteIdent(name)} ${to} ${quoteIdent(loader)}`);
    } catch (error) {
      // A provider's own; what needs it is refused, and told.
      refusalOf(error);
    }
  }
}
