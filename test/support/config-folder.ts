import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface ConfigFolder extends AsyncDisposable {
  readonly folder: string;
  /** Of `holdfast.yaml` in it. */
  readonly path: string;
}

/** A folder of its own with this `holdfast.yaml`, the shipped plans, and `files` beside them. */
export async function configFolder(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<ConfigFolder> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-config-"));
  const path = join(folder, "holdfast.yaml");
  await cp(resolve(import.meta.dirname, "../../plans"), join(folder, "plans"), { recursive: true });
  await writeFile(path, yaml);
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(resolve(file, ".."), { recursive: true });
    await writeFile(file, text);
  }
  return {
    folder,
    path,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A recipient that looks right; nothing is ever sealed to it. */
export const someRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/** The configuration of the design, section 9. */
export const designYaml = `
version: 1
state: ./state
catalog: embedded
plans: ./plans
stores:
  dubai:     { driver: directory, path: ./stores/dubai, location: { jurisdiction: AE, latitude: 25.20, longitude: 55.27 } }
  frankfurt: { driver: s3, bucket: holdfast, region: eu-central-1, endpoint: "https://s3.example", pathStyle: true,
               accessKeyId: env:S3_KEY, secretAccessKey: env:S3_SECRET, lock: governance,
               location: { jurisdiction: DE, latitude: 50.11, longitude: 8.68 } }
keys:
  workers: [${someRecipient}]
  verifiers: [${someRecipient}]
  restorers: [${someRecipient}]
  escrow: [${someRecipient}]
  identity: file:./keys/host.agekey
  signing: file:./keys/signing.jwk
  trusted: [{ key: file:./keys/signing.pub.jwk, may: [record, proof, key, removal, certificate, audit] }]
location: { jurisdiction: AE }
sources:
  erp: { url: env:ERP_URL, maxConcurrent: 2 }
tenants:
  acme:  { source: erp, database: acme, plan: enterprise }
  bravo: { source: erp, database: shared, schemas: [bravo], plan: standard, stores: [frankfurt] }
discover:
  - { source: erp, databases: "tenant_*", plan: standard }
`;
