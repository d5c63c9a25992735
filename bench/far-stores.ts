/** Two S3 stores behind lines of a given delay, and a home of Holdfast that backs up into them. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { S3Server } from "../test/support/s3-server.ts";
import type { BenchDatabase } from "./bench-database.ts";
import type { Command } from "./measure.ts";
import { installedIn, started } from "./program.ts";

export interface FarStores extends AsyncDisposable {
  command(words: string): Command;
}

export async function farStores(
  database: BenchDatabase,
  server: S3Server,
  { folder, roundTripMs }: { readonly folder: string; readonly roundTripMs: number },
): Promise<FarStores> {
  await using opened = new AsyncDisposableStack();
  const home = join(folder, `far-${String(roundTripMs)}`);
  const config = join(home, "holdfast.yaml");
  const main = installedIn(folder);
  const environment = {
    NODE: process.execPath,
    CONFIG: config,
    HOLDFAST_SOURCE_URL: database.url("postgres"),
    S3_KEY: server.accessKeyId,
    S3_SECRET: server.secretAccessKey,
  };
  const run = (...args: string[]): void => {
    const env = { ...process.env, ...environment };
    execFileSync(process.execPath, [main, ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
  };
  run("init", home, "--tenant", database.name, "--plan", "standard");
  const stores: Record<string, object> = {};
  for (const name of ["one", "two"]) {
    const bucket = await server.createBucket(`far-${name}`);
    const line = opened.use(await startLine(Number(new URL(server.endpoint).port), roundTripMs));
    stores[name] = {
      driver: "s3",
      bucket,
      region: server.region,
      endpoint: `http://127.0.0.1:${String(line.port)}`,
      pathStyle: true,
      accessKeyId: "env:S3_KEY",
      secretAccessKey: "env:S3_SECRET",
    };
  }
  const file = z.record(z.string(), z.unknown()).parse(parse(readFileSync(config, "utf8")));
  writeFileSync(config, stringify({ ...file, stores }));
  run("--config", config, "stores", "check");
  const lines = opened.move();
  return {
    command: (words) => ({
      script: started(main, words),
      environment,
      writesInto: [],
    }),
    [Symbol.asyncDispose]: () => lines[Symbol.asyncDispose](),
  };
}

async function startLine(
  port: number,
  roundTripMs: number,
): Promise<AsyncDisposable & { readonly port: number }> {
  const program = join(import.meta.dirname, "delayed-line.ts");
  const child = spawn(process.execPath, [program, String(port), String(roundTripMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [said] = z.tuple([z.string()]).parse(await once(child.stdout.setEncoding("utf8"), "data"));
  return {
    port: Number(said),
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    },
  };
}
