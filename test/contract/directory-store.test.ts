/** A folder keeps the contract of a store, and what is special about folders does no harm. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { run } from "../../src/base/program.ts";
import { objectKey, storeName } from "../../src/model/ids.ts";
import { directoryStore } from "../../src/stores/directory.ts";
import type { WholeStore } from "../../src/stores/store.ts";
import { storeContract } from "./store-contract.ts";

const wait = { signal: new AbortController().signal };
const name = storeName.parse("folder");
const plain = objectKey.parse("tenants/acme/object");

interface Folder extends AsyncDisposable {
  readonly path: string;
  readonly store: WholeStore;
}

async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-directory-"));
  return {
    path,
    store: directoryStore({ name, path }),
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }),
  };
}

/** The Node that runs TypeScript as it stands; a machine may run the tests with an older one. */
function nodeProgram(): string {
  const pinned = join(import.meta.dirname, "../../node_modules/node/bin/node");
  return existsSync(pinned) ? pinned : process.execPath;
}

describe("a directory", () => {
  storeContract(folder);
});

describe("a directory, beyond the contract", () => {
  it("holds only whole objects after its writer was killed, and takes new ones", async () => {
    await using place = await folder();
    const script = fileURLToPath(new URL("../support/endless-writer.ts", import.meta.url));
    const writer = spawn(nodeProgram(), [script, place.path], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(writer, "exit");
    const finished: string[] = [];
    for await (const line of createInterface({ input: writer.stdout })) {
      finished.push(line);
      if (finished.length === 25) writer.kill("SIGKILL");
    }
    expect(await ended).toEqual([null, "SIGKILL"]);
    const listed = (await Array.fromAsync(place.store.list("", wait))).map((stat) => stat.key);
    for (const key of listed)
      expect(sha256(await place.store.read(key, {}, wait))).toBe(key.split("/").at(-1));
    expect(finished.filter((key) => !listed.some((one) => one === key))).toEqual([]);
    await place.store.create(plain, Buffer.from("x"), {}, wait);
    expect((await place.store.read(plain, {}, wait)).toString()).toBe("x");
  });

  it("is unreachable, and not made, when its folder is missing", async () => {
    await using place = await folder();
    const path = join(place.path, "not-mounted");
    const store = directoryStore({ name, path });
    const unreachable = { code: "store/unreachable" };
    await expect(store.create(plain, Buffer.from("x"), {}, wait)).rejects.toMatchObject(unreachable);
    await expect(store.stat(plain, wait)).rejects.toMatchObject(unreachable);
    await expect(store.read(plain, {}, wait)).rejects.toMatchObject(unreachable);
    await expect(Array.fromAsync(store.list("", wait))).rejects.toMatchObject(unreachable);
    await expect(store.clock(wait)).rejects.toMatchObject(unreachable);
    expect(await readdir(place.path)).toEqual([]);
  });

  it("keeps an object as a plain file under its key, readable by any program", async () => {
    await using place = await folder();
    await place.store.create(plain, Buffer.from("bytes"), {}, wait);
    expect((await readFile(join(place.path, plain))).toString()).toBe("bytes");
    expect((await stat(join(place.path, plain))).nlink).toBe(1);
    expect(await readdir(join(place.path, ".staging"))).toEqual([]);
  });

  it("neither lists nor minds what a crashed writer left, and sweeps it after a day", async () => {
    await using place = await folder();
    const staging = join(place.path, ".staging");
    await mkdir(staging);
    await writeFile(join(staging, "young"), "half");
    await writeFile(join(staging, "old"), "half");
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    await utimes(join(staging, "old"), twoDaysAgo, twoDaysAgo);
    expect(await Array.fromAsync(place.store.list("", wait))).toEqual([]);
    await place.store.create(plain, Buffer.from("x"), {}, wait);
    expect(await readdir(staging)).toEqual(["young"]);
  });

  it("does not follow links out of the store, to read, list, write or remove", async () => {
    await using outside = await folder();
    await using place = await folder();
    await writeFile(join(outside.path, "secret"), "not ours");
    await symlink(outside.path, join(place.path, "tenants"));
    await symlink(join(outside.path, "secret"), join(place.path, "link"));
    const through = objectKey.parse("tenants/secret");
    const refused = { code: "store/refused" };
    await expect(place.store.read(through, {}, wait)).rejects.toMatchObject(refused);
    await expect(place.store.stat(through, wait)).rejects.toMatchObject(refused);
    await expect(place.store.remove(through, null, wait)).rejects.toMatchObject(refused);
    await expect(
      place.store.create(objectKey.parse("tenants/new"), Buffer.from("x"), {}, wait),
    ).rejects.toMatchObject(refused);
    await expect(place.store.read(objectKey.parse("link"), {}, wait)).rejects.toMatchObject(refused);
    await expect(place.store.stat(objectKey.parse("link"), wait)).rejects.toMatchObject(refused);
    expect(await Array.fromAsync(place.store.list("", wait))).toEqual([]);
    expect(await Array.fromAsync(place.store.list("tenants/", wait))).toEqual([]);
    expect(await readdir(outside.path)).toEqual(["secret"]);
  });

  it("sees a link that takes the place of a folder between two writes", async () => {
    await using outside = await folder();
    await using place = await folder();
    const refused = { code: "store/refused" };
    await place.store.create(plain, Buffer.from("x"), {}, wait);
    await rename(join(place.path, "tenants"), join(outside.path, "tenants"));
    await symlink(join(outside.path, "tenants"), join(place.path, "tenants"));
    await expect(place.store.read(plain, {}, wait)).rejects.toMatchObject(refused);
    const other = objectKey.parse("tenants/acme/other");
    await expect(place.store.create(other, Buffer.from("x"), {}, wait)).rejects.toMatchObject(refused);
    expect(await readdir(join(outside.path, "tenants", "acme"))).toEqual(["object"]);
  });

  it.each(["a folder elsewhere", "nothing"])(
    "refuses to write aside where a link to %s stands in place of its own folder",
    async (what) => {
      await using outside = await folder();
      await using place = await folder();
      await place.store.create(plain, Buffer.from("x"), {}, wait);
      await rm(join(place.path, ".staging"), { recursive: true });
      await symlink(
        what === "nothing" ? join(outside.path, "absent") : outside.path,
        join(place.path, ".staging"),
      );
      const other = objectKey.parse("tenants/acme/other");
      await expect(place.store.create(other, Buffer.from("x"), {}, wait)).rejects.toMatchObject({
        code: "store/refused",
      });
      expect(await readdir(outside.path)).toEqual([]);
      expect(await readdir(join(place.path, "tenants", "acme"))).toEqual(["object"]);
    },
  );

  it("sees that its folder is gone between two calls, and does not make it", async () => {
    await using place = await folder();
    const path = join(place.path, "volume");
    await mkdir(path);
    const store = directoryStore({ name, path });
    await store.create(plain, Buffer.from("x"), {}, wait);
    await rename(path, join(place.path, "away"));
    const unreachable = { code: "store/unreachable" };
    const other = objectKey.parse("tenants/acme/other");
    await expect(store.create(other, Buffer.from("x"), {}, wait)).rejects.toMatchObject(unreachable);
    await expect(store.read(plain, {}, wait)).rejects.toMatchObject(unreachable);
    await expect(store.remove(plain, null, wait)).rejects.toMatchObject(unreachable);
    expect(await readdir(place.path)).toEqual(["away"]);
    await rename(join(place.path, "away"), path);
    await store.create(other, Buffer.from("y"), {}, wait);
    expect((await store.read(plain, {}, wait)).toString()).toBe("x");
  });

  it.each(["folder", "link"])(
    "writes whole objects into another volume that takes the place of its own, with a %s as its path",
    async (kind) => {
      await using place = await folder();
      const [first, second] = [join(place.path, "first"), join(place.path, "second")];
      const path = join(place.path, "volume");
      for (const volume of [first, second]) await mkdir(volume);
      const put = async (volume: string): Promise<void> =>
        kind === "link" ? symlink(volume, path) : rename(volume, path);
      await put(first);
      const store = directoryStore({ name, path });
      await store.create(plain, Buffer.from("x"), {}, wait);
      await (kind === "link" ? unlink(path) : rename(path, first));
      await put(second);
      await expect(store.read(plain, {}, wait)).rejects.toMatchObject({ code: "store/absent" });
      await store.create(plain, Buffer.from("y"), {}, wait);
      expect((await store.read(plain, {}, wait)).toString()).toBe("y");
      expect((await readFile(join(first, plain))).toString()).toBe("x");
    },
  );

  it("may itself be reached through a link", async () => {
    await using place = await folder();
    const path = join(place.path, "alias");
    await mkdir(join(place.path, "real"));
    await symlink(join(place.path, "real"), path);
    const store = directoryStore({ name, path });
    await store.create(plain, Buffer.from("x"), {}, wait);
    expect((await store.read(plain, {}, wait)).toString()).toBe("x");
    await symlink(join(path, "tenants"), join(path, "elsewhere"));
    const through = objectKey.parse("elsewhere/acme/object");
    await expect(store.read(through, {}, wait)).rejects.toMatchObject({ code: "store/refused" });
  });

  it("refuses a pipe in place of an object instead of waiting for a writer", async () => {
    await using place = await folder();
    await run({ file: "mkfifo", args: [join(place.path, "pipe")] }, wait);
    await expect(place.store.read(objectKey.parse("pipe"), {}, wait)).rejects.toMatchObject({
      code: "store/refused",
    });
  });

  it("passes over names that are no object keys", async () => {
    await using place = await folder();
    await writeFile(join(place.path, "with space"), "x");
    await writeFile(join(place.path, ".hidden"), "x");
    await mkdir(join(place.path, "lost+found"));
    await place.store.create(plain, Buffer.from("x"), {}, wait);
    const listed = await Array.fromAsync(place.store.list("", wait));
    expect(listed.map((one) => one.key)).toEqual([plain]);
    expect(await Array.fromAsync(place.store.list("../", wait))).toEqual([]);
  });

  it("refuses a key where a file stands in place of a folder", async () => {
    await using place = await folder();
    await place.store.create(objectKey.parse("a"), Buffer.from("x"), {}, wait);
    await expect(
      place.store.create(objectKey.parse("a/b"), Buffer.from("x"), {}, wait),
    ).rejects.toMatchObject({ code: "store/refused" });
    expect(await place.store.stat(objectKey.parse("a/b"), wait)).toBeNull();
  });

  it("says so when asked for a lock, and writes nothing", async () => {
    await using place = await folder();
    const lock = { mode: "governance", until: new Date(Date.now() + 60_000) } as const;
    await expect(place.store.create(plain, Buffer.from("x"), { lock }, wait)).rejects.toMatchObject({
      code: "store/unsuitable",
    });
    expect(await place.store.stat(plain, wait)).toBeNull();
  });

  it("makes folders anew that were removed under it", async () => {
    await using place = await folder();
    await place.store.create(plain, Buffer.from("x"), {}, wait);
    await rm(join(place.path, "tenants"), { recursive: true });
    await place.store.create(plain, Buffer.from("y"), {}, wait);
    expect((await place.store.read(plain, {}, wait)).toString()).toBe("y");
  });

  it("leaves no empty folders behind when objects are removed", async () => {
    await using place = await folder();
    const kept = objectKey.parse("tenants/kept");
    await place.store.create(plain, Buffer.from("x"), {}, wait);
    await place.store.create(kept, Buffer.from("x"), {}, wait);
    await place.store.remove(plain, null, wait);
    expect(await readdir(join(place.path, "tenants"))).toEqual(["kept"]);
    await place.store.remove(kept, null, wait);
    expect(await readdir(place.path)).toEqual([".staging"]);
  });
});
