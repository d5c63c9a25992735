/** The chart of thirty days in the README shows the figures that are kept, and no others. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { svgOf } from "../../bench/chart.ts";
import { thirtyDaysChart } from "../../bench/thirty-days-chart.ts";
import { thirtyDaysFigures } from "../../bench/thirty-days-figures.ts";
import { chartFile, keptDays } from "../../bench/thirty-days-kept.ts";
import { keptResult } from "../../bench/markdown.ts";
import { names } from "../../bench/thirty-days-result.ts";

describe("the figures of thirty days", () => {
  const kept = keptDays();

  it("are the chart, byte for byte", () => {
    expect(readFileSync(chartFile, "utf8")).toBe(thirtyDaysChart(kept));
  });

  it("are of thirty days by everybody under every plan", () => {
    expect(kept.plans.map(({ plan }) => plan)).toContain("enterprise");
    for (const { contestants } of kept.plans) {
      expect(contestants.map(({ who }) => who)).toEqual([names.us, names.pipe, names.restic]);
      for (const { days } of contestants) expect(days).toHaveLength(30);
    }
  });

  it("count as many backups for everybody on every day, since all live by one rule", () => {
    for (const { contestants } of kept.plans) {
      const backups = contestants.map(({ days }) => days.map((day) => day.backups));
      expect(backups[1]).toEqual(backups[0]);
      expect(backups[2]).toEqual(backups[0]);
    }
  });

  it("stand in the section of the README with the chart", () => {
    expect(thirtyDaysFigures(keptResult)).toContain("](docs/thirty-days.svg)");
  });
});

describe("a chart", () => {
  const lines = [{ style: "first", values: [0, 3] } as const, { style: "second", values: [0, 3] } as const];
  const svg = svgOf({
    title: "a < b & c",
    subtitle: "",
    legend: [],
    rows: [{ heightPx: 100, panels: [{ title: "one", unit: "MB", lines }] }],
    places: "day",
  });

  it("holds no script and asks nobody for a font or an image", () => {
    expect(svg).not.toMatch(/<script|@import|url\(|href/);
  });

  it("spells what would be markup", () => {
    expect(svg).toContain("a &lt; b &amp; c");
  });

  it("moves numbers apart that would lie upon each other", () => {
    const ends = [...svg.matchAll(/class="end-[a-z]+" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y));
    expect(Math.abs((ends[0] ?? 0) - (ends[1] ?? 0))).toBeGreaterThanOrEqual(13);
  });
});
