/**
 * Makes `dist/` of the sources, `npm run build`: the program and its sealing thread as a few files each, with the
 * libraries that every command loads inside. A program of some seven hundred small files takes half a second to
 * load, which was more than the whole backup of a small tenant. Libraries that only some commands load stay
 * outside, as they were published. `--out DIR` builds elsewhere.
 */
import { existsSync } from "node:fs";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { type Plugin, rolldown } from "rolldown";

const project = resolve(import.meta.dirname, "..");

/** They would only make the package larger. */
const outside = /^(?:@aws-sdk|@smithy|fastify|kysely|pg|pg-boss|pino|prom-client|temporal-polyfill)(?:\/|$)/;

/**
 * `pg` lies outside for the catalog alone, since pg-boss brings its errors to us and they are known by their class.
 * What speaks to databases of tenants has it inside: it is thirty files, which take longer to load than to use.
 */
function isOutside(id: string, importer: string | undefined): boolean {
  const isOfTenants = /^pg(?:\/|$)/.test(id) && /\/src\/postgres\//.test(importer ?? "");
  return outside.test(id) && !isOfTenants;
}

/**
 * The grammar of the command line sets its help in columns, and for that loads rules for emoji and for scripts of all
 * the world, which takes longer than to parse a command. Our help is in ASCII.
 */
const plainWidths: Plugin = {
  name: "plain-widths",
  resolveId: (id, importer) =>
    id === "string-width" && /\/node_modules\/(?:yargs|cliui|wrap-ansi)\//.test(importer ?? "")
      ? plainWidth
      : null,
  load: (id) =>
    id === plainWidth
      ? 'import { stripVTControlCharacters } from "node:util"; export default (text) => stripVTControlCharacters(text).length;'
      : null,
};
const plainWidth = "\0plain-width";

/**
 * What is loaded together lies together, each with all that it needs and no group before it has: a file takes half a
 * millisecond to be found and loaded, however small it is. Not `start.ts`, which waits for the command that it loads.
 */
const groups = [
  { name: "thread", test: /\/src\/sealing\/(?:messages|seal|stream-work)\.ts$/, priority: 5 },
  {
    name: "common",
    test: /\/src\/(?:cli\/holdfast|cli\/list|config\/load-config|desk\/open-desk)\.ts$/,
    priority: 4,
  },
  { name: "repository", test: /\/src\/repository\/(?:draft|library)\.ts$/, priority: 3 },
  { name: "postgres", test: /\/src\/postgres\/session\/connect\.ts$/, priority: 2 },
  { name: "backup", test: /\/src\/cli\/backup\.ts$/, priority: 1 },
];

/** Written into `folder`, of which nothing that was there is left; hence only an earlier build may be there. */
async function build(folder: string): Promise<void> {
  const isAround = relative(folder, project).split(sep)[0] !== "..";
  if (isAround || !(await isReplaceable(folder)))
    throw new Error(`${folder} holds something else than a build`);
  const bundle = await rolldown({
    cwd: project,
    // Side by side, so that what is found beside a source is found beside a part of the program as well.
    input: { main: "src/main.ts", worker: "src/sealing/worker.ts" },
    platform: "node",
    // Such as that of an import that cannot be found, which would only be missed where the package is installed.
    onLog: (level, { message }) => {
      if (level === "warn") throw new Error(message);
    },
    external: isOutside,
    plugins: [plainWidths],
    // What `tsc` would make of the sources for the oldest runtime that `engines` names.
    transform: { target: "es2024" },
  });
  await rm(folder, { recursive: true, force: true });
  const { output } = await bundle.write({
    dir: folder,
    format: "esm",
    sourcemap: true,
    minify: "dce-only",
    chunkFileNames: "[name]-[hash].js",
    codeSplitting: { groups },
  });
  await bundle.close();
  const modules = output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
  await writeFile(join(folder, "LICENSES.txt"), await licences(modules));
  await chmod(join(folder, "main.js"), 0o755);
}

async function isReplaceable(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return true;
  const names = await readdir(folder);
  return names.length === 0 || names.includes("main.js");
}

/** The terms of every package of which a part is inside, as its authors wrote them. */
async function licences(modules: readonly string[]): Promise<string> {
  const folders = new Set(
    modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0] ?? []),
  );
  const texts = await Promise.all([...folders].toSorted().map(licenceOf));
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

async function licenceOf(folder: string): Promise<string> {
  const name = folder.slice(folder.lastIndexOf("/node_modules/") + "/node_modules/".length);
  const files = await readdir(folder);
  const own = files.filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file)).toSorted();
  const texts = await Promise.all(own.map((file) => readFile(join(folder, file), "utf8")));
  if (texts.length > 0) return [name, ...texts].join("\n\n");
  // Some have it as the last chapter of what is to be read first.
  const readme = files.find((file) => /^readme/i.test(file));
  const text = readme === undefined ? "" : await readFile(join(folder, readme), "utf8");
  const chapter = /^#+ *licen[cs]e *\n.*copyright.*/ims.exec(text)?.[0];
  if (chapter === undefined) throw new Error(`${name} comes without its licence`);
  return [name, chapter].join("\n\n");
}

const { values } = parseArgs({ options: { out: { type: "string", default: "dist" } } });
await build(resolve(project, values.out));
