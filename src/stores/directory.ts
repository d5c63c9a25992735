import { constants } from "node:fs";
import { link, lstat, open, rename, type FileHandle, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Chance, systemChance } from "../base/chance.ts";
import { type Sha256, sha256 } from "../base/digest.ts";
import { Failure } from "../base/failure.ts";
import { orAbort, stillWaiting, type Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName } from "../model/ids.ts";
import { directoryFailure, errnoOf, nullIfAbsent } from "./directory-failure.ts";
import { walk } from "./directory-walk.ts";
import { DurableFolders } from "./durable-folders.ts";
import { OwnFolders } from "./own-folders.ts";
import { readBytesMax, tooLarge } from "./read-limit.ts";
import { Staging } from "./staging.ts";
import type { CreateOptions, ObjectStat, ObjectVersion, ReadOptions, WholeStore } from "./store.ts";

export interface DirectorySettings {
  readonly name: StoreName;
  /** Must exist: a volume that is not mounted is not to be replaced by a folder in its place. */
  readonly path: string;
  readonly chance?: Chance;
}

/** The one version of an object where a store keeps no others; the word is that of S3. */
const onlyVersion = "null";
/** Times that a folder may vanish between making it and linking into it. */
const linkAttemptsMax = 5;

/**
 * A folder as a store. `create` writes a file aside, syncs it and links it to its name: `link`
 * cannot overwrite, which `rename` would, and the folder is synced before it resolves. Keys are
 * paths below the folder; links that lead elsewhere are refused, not followed. It knows no locks.
 */
export function directoryStore(settings: DirectorySettings): WholeStore {
  return new DirectoryStore(settings);
}

class DirectoryStore implements WholeStore {
  readonly name: StoreName;
  readonly #path: string;
  readonly #own: OwnFolders;
  readonly #folders: DurableFolders;
  readonly #staging: Staging;

  constructor(settings: DirectorySettings) {
    this.name = settings.name;
    this.#path = settings.path;
    this.#own = new OwnFolders(settings.name, settings.path);
    this.#folders = new DurableFolders(settings.path);
    this.#staging = new Staging(settings.path, this.#own, settings.chance ?? systemChance);
  }

  async stat(key: ObjectKey, wait: Waiting): Promise<ObjectStat | null> {
    return this.#guard(`stat ${key} in ${this.name}`, wait, async () => {
      if (!(await this.#own.holds(dirname(key)))) return null;
      const found = await nullIfAbsent(lstat(join(this.#path, key)));
      if (found === null || found.isDirectory()) return null;
      if (!found.isFile()) throw this.#notAFile(key);
      return { key, bytes: found.size, modifiedAt: found.mtime };
    });
  }

  async read(key: ObjectKey, options: ReadOptions, wait: Waiting): Promise<Buffer> {
    return this.#guard(`read ${key} from ${this.name}`, wait, async () => {
      const known = options.version === undefined || options.version === onlyVersion;
      const there = (await this.#own.holds(dirname(key))) && known;
      // A pipe put in place of an object must not make us wait for a writer.
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const file = there ? await nullIfAbsent(open(join(this.#path, key), flags)) : null;
      if (file === null) throw new Failure("store/absent", `${key} is not in ${this.name}`);
      try {
        return await this.#readFile(file, key, options);
      } finally {
        await file.close();
      }
    });
  }

  async *list(prefix: string, wait: Waiting, after: string = ""): AsyncGenerator<ObjectStat> {
    const doing = `list ${prefix} in ${this.name}`;
    await this.#guard(doing, wait, async () => this.#own.root());
    try {
      yield* walk({ root: this.#path, prefix, after }, wait);
    } catch (error) {
      throw directoryFailure(doing, error);
    }
  }

  async versions(key: ObjectKey, wait: Waiting): Promise<readonly ObjectVersion[]> {
    const found = await this.stat(key, wait);
    return found === null ? [] : [{ ...found, version: onlyVersion, current: true }];
  }

  /** That of the file system, which may be another machine's. */
  async clock(wait: Waiting): Promise<Date> {
    return this.#guard(`ask ${this.name} for its time`, wait, async () => this.#staging.clock());
  }

  async create(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    this.#refuseUnfit(key, body, options);
    await this.#guard(`create ${key} in ${this.name}`, wait, async () => {
      await using staged = await this.#staging.write(body);
      stillWaiting(wait);
      await this.#place(key, (path) => link(staged.path, path));
      await this.#folders.sync(dirname(key));
    });
  }

  /** Here `rename` is right, because it does replace what is there. */
  async mend(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    this.#refuseUnfit(key, body, options);
    await this.#guard(`mend ${key} in ${this.name}`, wait, async () => {
      await using staged = await this.#staging.write(body);
      stillWaiting(wait);
      await this.#place(key, (path) => rename(staged.path, path));
      await this.#folders.sync(dirname(key));
    });
  }

  #refuseUnfit(key: ObjectKey, body: Uint8Array, options: CreateOptions): void {
    if (options.lock !== undefined) {
      throw new Failure("store/unsuitable", `${this.name} is a directory, which cannot lock ${key}`);
    }
    if (options.sha256 !== undefined && options.sha256 !== digestOf(body)) {
      throw new Failure(
        "store/corrupt",
        `the bytes of ${key} are not those that were announced to ${this.name}`,
      );
    }
  }

  async remove(key: ObjectKey, version: string | null, wait: Waiting): Promise<void> {
    if (version !== null && version !== onlyVersion) return;
    await this.#guard(`remove ${key} from ${this.name}`, wait, async () => {
      if (!(await this.#own.holds(dirname(key)))) return;
      const path = join(this.#path, key);
      const found = await nullIfAbsent(lstat(path));
      if (found === null || found.isDirectory()) return;
      await nullIfAbsent(unlink(path));
      const folder = dirname(key);
      await nullIfAbsent(this.#folders.sync(folder));
      await this.#folders.tidy(folder);
    });
  }

  async #readFile(file: FileHandle, key: ObjectKey, options: ReadOptions): Promise<Buffer> {
    const found = await file.stat();
    if (found.isDirectory()) throw new Failure("store/absent", `${key} is not in ${this.name}`);
    if (!found.isFile()) throw this.#notAFile(key);
    const from = Math.min(options.range?.from ?? 0, found.size);
    const to = Math.max(from, Math.min(options.range?.to ?? found.size, found.size));
    if (to - from > (options.bytesMax ?? readBytesMax)) throw tooLarge(key, this.name, to - from);
    const body = Buffer.alloc(to - from);
    for (let at = 0; at < body.length;) {
      const { bytesRead } = await file.read(body, at, body.length - at, from + at);
      if (bytesRead === 0) throw new Failure("store/unreachable", `${key} in ${this.name} ended early`);
      at += bytesRead;
    }
    return body;
  }

  async #place(key: ObjectKey, put: (path: string) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#folders.ensure(dirname(key));
        if (!(await this.#own.holds(dirname(key))))
          throw Object.assign(new Error("gone"), { code: "ENOENT" });
        await put(join(this.#path, key));
        return;
      } catch (error) {
        if (errnoOf(error) === "EEXIST") {
          // Whoever linked it may have died before its name was durable; who takes it for written relies on that.
          await this.#folders.sync(dirname(key));
          throw new Failure("store/exists", `${key} is taken in ${this.name}`);
        }
        if (errnoOf(error) !== "ENOENT" || attempt === linkAttemptsMax) throw error;
        this.#folders.forget();
      }
    }
  }

  #notAFile(key: ObjectKey): Failure {
    return new Failure("store/refused", `${key} in ${this.name} is not a plain file`);
  }

  /** What was asked of a hung volume is left behind when the wait ends. */
  async #guard<T>(doing: string, wait: Waiting, work: () => Promise<T>): Promise<T> {
    stillWaiting(wait);
    try {
      return await orAbort(work(), wait);
    } catch (error) {
      throw directoryFailure(doing, error);
    }
  }
}

/** Several stores are given the same bytes at the same time. */
const digests = new WeakMap<Uint8Array, Sha256>();

function digestOf(body: Uint8Array): Sha256 {
  const digest = digests.get(body) ?? sha256(body);
  digests.set(body, digest);
  return digest;
}
