/** What several jobs use at once is closed when it is replaced and the last of them has left, and not before. */
import { expect, it } from "vitest";
import { startLeasing } from "../../src/daemon/leasing.ts";

function leased(): { readonly leasing: ReturnType<typeof startLeasing>; readonly isClosed: () => boolean } {
  let closed = false;
  const close = async (): Promise<void> => {
    await Promise.resolve();
    closed = true;
  };
  return { leasing: startLeasing(close), isClosed: () => closed };
}

it("stays open under a lease though an earlier one has ended before", async () => {
  const { leasing, isClosed } = leased();
  leasing.lease()[Symbol.dispose]();
  const running = leasing.lease();
  const retired = leasing.retire();
  await new Promise(setImmediate);
  expect(isClosed()).toBe(false);
  running[Symbol.dispose]();
  await retired;
  expect(isClosed()).toBe(true);
});

it("counts a lease that is given back twice once", async () => {
  const { leasing, isClosed } = leased();
  const twice = leasing.lease();
  const other = leasing.lease();
  const retired = leasing.retire();
  twice[Symbol.dispose]();
  twice[Symbol.dispose]();
  await new Promise(setImmediate);
  expect(isClosed()).toBe(false);
  other[Symbol.dispose]();
  await retired;
});

it("closes at once when nobody is there, once", async () => {
  const { leasing, isClosed } = leased();
  await Promise.all([leasing.retire(), leasing.retire()]);
  expect(isClosed()).toBe(true);
});

it("closes under who hangs once he is evicted", async () => {
  const { leasing, isClosed } = leased();
  leasing.lease();
  const retired = leasing.retire();
  leasing.evict();
  await retired;
  expect(isClosed()).toBe(true);
});
