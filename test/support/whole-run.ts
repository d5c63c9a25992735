/** What a whole run of the integration tests shares; vitest calls `setup` before the first file and `teardown` after the last. */
import { installOwnExtension } from "../corner/own-extension.ts";
import { testBinFolder } from "./postgres-server.ts";

let extension: Disposable | undefined;

export function setup(): void {
  extension = installOwnExtension(testBinFolder());
}

export function teardown(): void {
  extension?.[Symbol.dispose]();
}
