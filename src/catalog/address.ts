/** Where a catalog is; sockets are folders in `host`. The same shape as any address of a server. */
export interface CatalogAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  /** As in a URL: `disable`, `require`, `verify-full`… */
  readonly sslmode?: string | undefined;
  /** File of the authorities that `verify-ca` and `verify-full` trust. */
  readonly sslRootCert?: string | undefined;
}
