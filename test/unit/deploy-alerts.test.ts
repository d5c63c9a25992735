/** Alerts and dashboard name metrics that exist, every alert is shown to fire, and leads to a page whose commands exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseOnly } from "../support/parse-only.ts";

const root = resolve(import.meta.dirname, "../..");
const prometheus = resolve(root, "deploy/prometheus");
const read = (path: string): string => readFileSync(resolve(root, path), "utf8");

const rulesFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.object({ severity: z.enum(["critical", "warning"]) }),
          annotations: z.object({
            summary: z.string(),
            description: z.string(),
            runbook_url: z
              .templateLiteral([
                '{{ or $externalLabels.holdfast_runbooks "runbooks" }}/',
                z.string().regex(/^[a-z-]+\.md$/),
              ])
              .transform((url) => url.slice(url.lastIndexOf("/") + 1)),
          }),
        }),
      ),
    }),
  ),
});

const alerts = rulesFile
  .parse(parse(read("deploy/prometheus/holdfast.rules.yml")))
  .groups.flatMap(({ rules }) => rules);

/** Names of samples in the golden scrape; those of histograms with what is behind them. */
const known = new Set(
  Array.from(read("test/golden/metrics.txt").matchAll(/^# TYPE (\S+) (\S+)$/gm)).flatMap(
    ([, name = "", type]) =>
      type === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

function unknownMetrics(text: string): string[] {
  return Array.from(text.matchAll(/\bholdfast_[a-z_]+/g), ([name]) => name).filter(
    (name) => !known.has(name),
  );
}

describe("the rules", () => {
  it.each([
    ["check", "rules", "holdfast.rules.yml"],
    ["test", "rules", "holdfast.rules.test.yml"],
    ["test", "rules", "holdfast.rules.slow.test.yml"],
    ["check", "config", "prometheus.yml"],
  ])("pass promtool %s %s %s", async (...args) => {
    const { all, exitCode } = await execa("promtool", args, { cwd: prometheus, all: true, reject: false });
    expect({ exitCode, all }).toEqual({ exitCode: 0, all: expect.any(String) });
  });

  it("name only metrics that a scrape has", () => {
    expect(known.size).toBeGreaterThan(50);
    expect(alerts.flatMap(({ expr }) => unknownMetrics(expr))).toEqual([]);
  });

  it("are each shown to fire", () => {
    const shown = ["test", "slow.test"]
      .map((part) => read(`deploy/prometheus/holdfast.rules.${part}.yml`))
      .join();
    const firing = Array.from(
      shown.matchAll(/labels: 'ALERTS\{alertname="(\w+)",alertstate="firing"/g),
      ([, name]) => name,
    );
    expect(alerts.map(({ alert }) => alert).filter((alert) => !firing.includes(alert))).toEqual([]);
  });

  it("have names of their own", () => {
    const names = alerts.map(({ alert }) => alert);
    expect(names).toEqual([...new Set(names)]);
  });
});

describe("the address of the runbooks", () => {
  it("is set where Prometheus is told of the rules, for links that open elsewhere", () => {
    const { global } = z
      .object({ global: z.object({ external_labels: z.record(z.string(), z.string()) }) })
      .parse(parse(read("deploy/prometheus/prometheus.yml")));
    expect(global.external_labels["holdfast_runbooks"]).toMatch(/^[a-z]+:\/\/.*[^/]$/);
  });
});

describe("the pages of the alerts", () => {
  const pages = readdirSync(resolve(root, "runbooks"));
  const linked = new Set(alerts.map(({ annotations }) => annotations.runbook_url));

  it.each(alerts.map(({ alert, annotations }) => ({ alert, page: annotations.runbook_url })))(
    "$alert leads to $page, which names it",
    ({ alert, page }) => {
      expect(read(`runbooks/${page}`).split("\n")[0]).toContain(alert);
    },
  );

  it.each([...linked])("%s says how to look and what to do", (page) => {
    const text = read(`runbooks/${page}`);
    expect(text).toMatch(/^## How to look$/m);
    expect(text).toMatch(/^## What to do$/m);
    expect(unknownMetrics(text)).toEqual([]);
  });

  it.each([...linked])("%s links only to pages that are there", (page) => {
    const links = Array.from(read(`runbooks/${page}`).matchAll(/\]\(([^)]+)\)/g), ([, link]) => link);
    expect(links.filter((link) => !pages.includes(link ?? ""))).toEqual([]);
  });

  it.each([...linked])("%s tells only commands that parse", async (page) => {
    for (const args of commandsIn(read(`runbooks/${page}`))) {
      expect({ args, said: await parseOnly(args) }).toEqual({
        args,
        said: expect.stringContaining("error: parsed"),
      });
    }
  });
});

describe("the README", () => {
  it("tells only commands that parse", async () => {
    const commands = commandsIn(read("README.md"));
    expect(commands.length).toBeGreaterThan(10);
    for (const args of commands) {
      expect({ args, said: await parseOnly(args) }).toEqual({
        args,
        said: expect.not.stringMatching(/^error: (?!parsed)/),
      });
    }
  });

  it.each(["README.md", "CHANGELOG.md", "docs/design.md", "docs/cli-json.md", "runbooks/host-lost.md"])(
    "links, as %s does, only to files that are there",
    (page) => {
      const folder = resolve(root, page, "..");
      const links = Array.from(read(page).matchAll(/\]\(([^)#:]+)[^)]*\)/g), ([, link]) => link ?? "");
      expect(links.filter((link) => !existsSync(resolve(folder, link)))).toEqual([]);
    },
  );
});

/** Commands in code blocks and between backticks; words in capitals stand for names. */
function commandsIn(text: string): string[][] {
  const found = text.matchAll(/(?:^|`|^npm run -s )holdfast (?:-- )?([^`\n#]+)/gm);
  return Array.from(found, ([, args = ""]) =>
    args
      .trim()
      .replace(/\bBACKUP\b/, "20261121T013000Z-k7f3qa")
      .split(/\s+/)
      .map((word) => (/^[A-Z]+$/.test(word) ? word.toLowerCase() : word)),
  );
}

describe("the dashboard", () => {
  const dashboard = z
    .object({
      uid: z.string(),
      templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.string() })) }),
      panels: z.array(
        z.object({
          id: z.int(),
          type: z.string(),
          title: z.string().min(1),
          gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
          targets: z.array(z.object({ refId: z.string(), expr: z.string() })).default([]),
        }),
      ),
    })
    .parse(JSON.parse(read("deploy/grafana/holdfast.json")));
  const { panels } = dashboard;

  it("asks only for metrics that a scrape has", () => {
    const asked = [
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...dashboard.templating.list.map(({ query }) => query),
    ];
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.flatMap(unknownMetrics)).toEqual([]);
  });

  it("asks what Prometheus can parse", async () => {
    const variables = /\$(?:job|tenant)\b/g;
    const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll(variables, "x")));
    const rules = exprs.map((expr, index) => ({ record: `panel:${String(index)}`, expr }));
    const folder = await mkdtemp(join(tmpdir(), "holdfast-panels-"));
    const file = join(folder, "panels.yml");
    await writeFile(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    const { all, exitCode } = await execa("promtool", ["check", "rules", file], { all: true, reject: false });
    await rm(folder, { recursive: true });
    expect({ exitCode, all }).toEqual({ exitCode: 0, all: expect.any(String) });
  });

  it("has panels with ids of their own that do not lie over each other", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${String(x + (at % w))},${String(y + Math.floor(at / w))}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
