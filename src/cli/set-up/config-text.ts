import type { PlanName, TenantId } from "../../model/ids.ts";

export interface ConfigWish {
  /** `env:NAME` or `file:PATH`; a URL only without a password. */
  readonly source: string;
  /** Each a database of that name; none: every database of the source is discovered. */
  readonly tenants: readonly TenantId[];
  readonly plan: PlanName;
  readonly recipient: string;
  /** Folder for scratch servers where the usual one cannot be reached by their user; null: the usual one. */
  readonly scratch: string | null;
}

/** The `holdfast.yaml` that `init` writes, with comments that say what to change first. */
export function configText(wish: ConfigWish): string {
  return `# Configuration of Holdfast; docs/holdfast.schema.json describes every setting.
# Secrets are named, never written: env:NAME or file:PATH. Paths are relative to this file.
version: 1

# Scratch servers and the embedded catalog.
state: ./state
catalog: embedded
plans: ./plans

# Two folders on one disk are for trying things out: put the second somewhere else before it counts.
stores:
  one: { driver: directory, path: ./stores/one }
  two: { driver: directory, path: ./stores/two }
  # frankfurt:
  #   driver: s3
  #   bucket: holdfast
  #   region: eu-central-1
  #   accessKeyId: env:S3_KEY
  #   secretAccessKey: env:S3_SECRET
  #   location: { jurisdiction: DE, latitude: 50.11, longitude: 8.68 }

# This host has every role. \`holdfast keys new\` makes the keys of others.
keys:
  workers: [${wish.recipient}]
  verifiers: [${wish.recipient}]
  restorers: [${wish.recipient}]
  # An identity that is kept offline and opens everything when this host is gone: make one.
  escrow: []
  identity: file:./keys/host.agekey
  signing: file:./keys/signing.jwk
  trusted:
    - key: file:./keys/signing.pub.jwk
      may: [record, proof, key, removal, certificate, audit]

# Where this host is; plans with a residency rule need it.
# location: { jurisdiction: AE }

# A PostgreSQL server, reached as a role with pg_read_all_data: postgres://user:password@host/postgres
sources:
  main: { url: ${JSON.stringify(wish.source)}, maxConcurrent: 2 }

${tenantsText(wish)}${scratchText(wish)}`;
}

function tenantsText({ tenants, plan }: ConfigWish): string {
  if (tenants.length > 0) {
    return `tenants:
${tenants.map((id) => `  ${id}: { source: main, database: ${id}, plan: ${plan} }\n`).join("")}
# discover:
#   - { source: main, databases: "tenant_*", plan: ${plan} }
`;
  }
  return `tenants: {}
#  acme: { source: main, database: acme, plan: ${plan} }

# Every database that a rule matches is a tenant; the first rule that matches wins.
discover:
  - { source: main, databases: "*", plan: ${plan} }
`;
}

function scratchText({ scratch }: ConfigWish): string {
  if (scratch === null) return "";
  return `
# The user of scratch servers cannot pass through the folders above this file.
scratch: { path: ${scratch} }
`;
}
