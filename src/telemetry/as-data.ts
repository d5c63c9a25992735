/** A scrape as data, for who would rather not parse the text format. */
import type { Registry } from "prom-client";
import { z } from "zod";
import type { Family } from "./exposition.ts";

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly samples: readonly MetricSample[];
}

interface MetricSample {
  /** That of the family, or with `_bucket`, `_sum` or `_count` behind it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What the library gives; its own types know neither the kinds nor the names of samples. */
const libraryFamilies = z.array(
  z.object({
    name: z.string(),
    help: z.string(),
    type: z.enum(["counter", "gauge", "histogram", "summary"]),
    values: z.array(
      z.object({
        value: z.number(),
        metricName: z.string().optional(),
        labels: z.record(z.string(), z.coerce.string()).default({}),
      }),
    ),
  }),
);

export async function registryFamilies(registry: Registry): Promise<readonly MetricFamily[]> {
  const families = libraryFamilies.parse(await registry.getMetricsAsJSON());
  return families.map(({ values, ...family }) => ({
    ...family,
    samples: values.map(({ metricName = family.name, labels, value }) => ({
      name: metricName,
      labels,
      value,
    })),
  }));
}

export function familyOfGauge({ name, help, samples }: Family): MetricFamily {
  return {
    name,
    help,
    type: "gauge",
    samples: samples.map(([labels, value]) => ({ name, labels: Object.fromEntries(labels), value })),
  };
}
