/**
 * A corner case is backed up while somebody writes, proven from each copy, restored elsewhere, and
 * equal again by a comparison that shares no code with the product (promises 3 and 4).
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { reasonOf } from "../../src/base/failure.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { quoteIdent } from "../../src/postgres/session/quote.ts";
import { buildCornerCase, cornerServerSettings } from "../corner/build-corner-case.ts";
import type { CornerCase } from "../corner/corner-case.ts";
import { hasOwnExtension } from "../corner/own-extension.ts";
import { startWriter, writerDisagreements, writerSchema, type Written } from "./concurrent-writer.ts";
import { holdfastHere } from "./holdfast-here.ts";
import { differences } from "./independent-comparison.ts";
import { placeOf } from "./independent-place.ts";
import { psql, startTestServer, testBinFolder, urlOf } from "./postgres-server.ts";
import { passableFolder } from "./passable-folder.ts";

/** With HOLDFAST_TEST_POSTGRES the same is asked of another major version (`npm run test:majors`). */
const isGivenServer = (process.env["HOLDFAST_TEST_POSTGRES"] ?? "") !== "";
const proofs = z.array(z.object({ store: z.string(), verdict: z.string() }));
const restored = z.object({ placeholders: z.array(z.string()) });

/** A database cannot be dropped while a subscription of it is there; their slots lie on no server of ours. */
const dropSubscriptions = `do $$ declare one record; begin
  for one in select subname from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid
              where d.datname = current_database() loop
    execute format('alter subscription %I disable', one.subname);
    execute format('alter subscription %I set (slot_name = none)', one.subname);
    execute format('drop subscription %I', one.subname);
  end loop; end $$;`;

/** Tests of these cases, each a tenant of one home, in their order. */
export function testRoundTrips(cornerCases: readonly CornerCase[]): void {
  let source: PrivateServer;
  let target: PrivateServer;
  let home: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    [source, target] = await Promise.all([
      startTestServer(cornerServerSettings),
      startTestServer(cornerServerSettings),
    ]);
    home = await passableFolder("holdfast-corner-");
    environment = { HOLDFAST_SOURCE_URL: urlOf(source, "postgres") };
    const tenants = cornerCases.flatMap((corner) => ["--tenant", corner.name]);
    await holdfastHere(["init", home, ...tenants], environment);
  });

  afterAll(async () => {
    await Promise.all([source[Symbol.asyncDispose](), target[Symbol.asyncDispose]()]);
    await rm(home, { recursive: true, force: true });
  });

  function command(...words: readonly string[]): Promise<unknown> {
    return holdfastHere(["--config", join(home, "holdfast.yaml"), ...words], environment);
  }

  /** A database that is to be empty stays so; every other is written to for as long as the backup takes. */
  async function backupWhileWriting(corner: CornerCase): Promise<Written | null> {
    if (corner.name === "empty") {
      await command("backup", corner.name);
      return null;
    }
    // No rewrites: behind somebody who does nothing but ALTER and TRUNCATE a backup rightly gives way (trap 3).
    await using writer = await startWriter(placeOf(source, corner.name), { seed: 20_261_121 });
    await writer.progress(5);
    await command("backup", corner.name);
    await writer.progress(1);
    return writer.stop();
  }

  it.for(cornerCases.map((corner) => [corner.name, corner] as const))(
    "%s",
    async ([name, corner], context) => {
      if (corner.ownExtension && !hasOwnExtension(testBinFolder())) {
        context.skip("the server's folder of extensions cannot be written to");
      }
      const cannot = await buildCornerCase(source, corner).then(() => null, reasonOf);
      // Another server than the machine's own may be built without XML, ICU or extensions.
      if (cannot !== null && isGivenServer) context.skip(cannot);
      expect(cannot).toBeNull();
      const written = await backupWhileWriting(corner);

      const verified = proofs.parse(await command("verify", name, "--store", "all"));
      expect(verified.map(({ store, verdict }) => `${store} ${verdict}`).sort()).toEqual([
        "one proven",
        "two proven",
      ]);

      const { placeholders } = restored.parse(await command("restore", name, "--to", urlOf(target, name)));
      const [was, is] = [placeOf(source, name), placeOf(target, name)];
      const found = await differences(was, is, { ignoredSchemas: [writerSchema] });
      const torn = written === null ? [] : await writerDisagreements(is);
      expect({ found, torn }).toEqual({ found: [], torn: [] });
      // The next case finds a target as new as this one did: a role that is there already is nobody's
      // to be made a member of.
      await psql(target, name, dropSubscriptions);
      await psql(target, "postgres", `drop database ${quoteIdent(name)} with (force);`);
      const roles = placeholders.map(quoteIdent).join(", ");
      if (roles !== "") await psql(target, "postgres", `drop role ${roles};`);
    },
  );
}
