import type { Connection, Submittable } from "pg";

/**
 * A COPY as `pg` runs a query. `pg` calls on the query at hand for each message, and where that has nothing to be
 * called the process ends; so all that no COPY is told is here, and breaks off the connection that told it.
 */
export abstract class CopyQuery implements Submittable {
  abstract submit(connection: Connection): void;

  /** Breaks the connection, which ends the query. May come more than once. */
  protected abstract breakConnection(): void;

  handleCopyInResponse(): void {
    this.breakConnection();
  }

  handleCopyData(): void {
    this.breakConnection();
  }

  handleRowDescription(): void {
    this.breakConnection();
  }

  handleDataRow(): void {
    this.breakConnection();
  }

  handleEmptyQuery(): void {
    this.breakConnection();
  }

  handlePortalSuspended(): void {
    this.breakConnection();
  }
}
