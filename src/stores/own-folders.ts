import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../base/failure.ts";
import type { StoreName } from "../model/ids.ts";
import { nullIfAbsent } from "./directory-failure.ts";

/** Asks, each time anew, whether the folders of a directory store are where its path says, and are its own. */
export class OwnFolders {
  readonly #name: StoreName;
  readonly #root: string;

  constructor(name: StoreName, root: string) {
    this.#name = name;
    this.#root = resolve(root);
  }

  /** Resolves with where the store's folder really lies. "store/unreachable" when it is not there. */
  async root(): Promise<string> {
    const root = await nullIfAbsent(realpath(this.#root));
    if (root !== null) return root;
    throw new Failure("store/unreachable", `the folder ${this.#root} of ${this.#name} is not there`, {
      hint: "is the volume mounted? a new store's folder is made by hand or by `holdfast init`",
    });
  }

  /**
   * Whether `folder`, a path below the store's folder or ".", is there. "store/unreachable" when the store's
   * own is not, "store/refused" where a link on the way leads elsewhere.
   *
   * A path that is its own real path exists and has no link in it, so one call tells both. Only who has his
   * store behind a link, and who meets something unexpected, has to look at the store's folder as well.
   */
  async holds(folder: string): Promise<boolean> {
    const path = join(this.#root, folder);
    if ((await nullIfAbsent(realpath(path))) === path) return true;
    const root = await this.root();
    const real = await nullIfAbsent(realpath(path));
    if (real === null) return false;
    if (real === join(root, folder)) return true;
    throw new Failure("store/refused", `a symbolic link stands on the way to ${folder} in ${this.#name}`);
  }
}
