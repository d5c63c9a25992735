/** One connection to PostgreSQL, as the rest of this folder uses it. */

import type { CopiedPart } from "./copy-parts.ts";

/** Whose server it is decides which failure a broken connection becomes: `source/…`, `target/…` or `scratch/…`. */
export type Side = "source" | "target" | "scratch";

export interface CopyOut {
  /** The raw COPY bytes; ends only when the server said that the COPY ended well. Read once. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Rows by the server's own count; may be asked once `bytes` has ended. */
  rows(): number;
}

export interface Session extends AsyncDisposable {
  readonly side: Side;
  /** `server_version_num`. */
  readonly versionNum: number;
  /** Throws a `Failure` by SQLSTATE; details that may carry rows stay in `cause`. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  copyOut(statement: string): CopyOut;
  /**
   * What several give, one behind the other and asked for at once, which for small tables spares waiting for each.
   * There is one end for each statement, told once the server said that it ended well. At least one; read once.
   */
  copiesOut(statements: readonly string[]): AsyncIterable<CopiedPart>;
  /** Returns the number of rows the server took. An error of the server ends the source's iteration. */
  copyIn(statement: string, source: AsyncIterable<Uint8Array>): Promise<number>;
}
