/** What is built replaces what was built before, and nothing else; and it holds what it should. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const checkout = resolve(import.meta.dirname, "../..");
let temp: string;
let project: string;

beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), "holdfast-build-"));
  // A project of its own, since one that is removed by mistake must not be ours.
  project = join(temp, "project");
  mkdirSync(join(project, "src", "sealing"), { recursive: true });
  cpSync(join(checkout, "scripts", "build.ts"), join(project, "scripts", "build.ts"));
  symlinkSync(join(checkout, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "package.json"), '{"type":"module"}');
  writeFileSync(join(project, "src", "main.ts"), 'console.log("built")\n');
  writeFileSync(join(project, "src", "sealing", "worker.ts"), 'console.log("worker")\n');
});

afterAll(() => {
  rmSync(temp, { recursive: true, force: true });
});

function build(out: string): void {
  const script = join(project, "scripts", "build.ts");
  execFileSync(process.execPath, [script, "--out", out], { stdio: ["ignore", "ignore", "pipe"] });
}

describe("a build", () => {
  it("goes into a folder that is new, empty, or was built before", () => {
    const out = join(temp, "out");
    build(out);
    writeFileSync(join(out, "old.js"), "");
    build(out);
    expect(readdirSync(out)).toContain("main.js");
    expect(readdirSync(out)).not.toContain("old.js");
  });

  it.each(["", ".", "..", "src", "node_modules"])("refuses a folder that is something else: '%s'", (out) => {
    expect(() => build(out)).toThrow("holds something else than a build");
    expect(readdirSync(join(project, "src"))).toContain("main.ts");
  });

  it("holds the client of PostgreSQL for databases of tenants, with its terms, and leaves the catalog's outside", () => {
    const of = (folder: string, name: string): void => {
      mkdirSync(join(project, "src", folder), { recursive: true });
      writeFileSync(
        join(project, "src", folder, "errors.ts"),
        `import { DatabaseError } from "pg";\nexport const ${name} = DatabaseError;\n`,
      );
    };
    of("postgres", "ofTenants");
    of("catalog", "ofCatalog");
    writeFileSync(
      join(project, "src", "main.ts"),
      'const [one, two] = [await import("./postgres/errors.ts"), await import("./catalog/errors.ts")];\n' +
        "console.log(one.ofTenants.name, two.ofCatalog.name, one.ofTenants === two.ofCatalog);\n",
    );
    const out = join(temp, "clients");
    build(out);
    symlinkSync(join(checkout, "node_modules"), join(temp, "node_modules"));
    const said = execFileSync(process.execPath, [join(out, "main.js")], { encoding: "utf8" });
    expect(said).toBe("DatabaseError DatabaseError false\n");
    const terms = readFileSync(join(out, "LICENSES.txt"), "utf8");
    expect(terms).toMatch(/^pg\n\nMIT License/m);
    // It has no file of them.
    expect(terms).toMatch(
      /^pg-types\n\n## license\n\nThe MIT License[^]*?Copyright \(c\) 2014 Brian M\. Carlson/m,
    );
  });

  it("fails for an import that cannot be found", () => {
    const broken = join(project, "src", "main.ts");
    writeFileSync(broken, 'import { one } from "absent-from-everywhere";\nconsole.log(one)\n');
    expect(() => build(join(temp, "broken"))).toThrow("absent-from-everywhere");
  });
});
