/**
 * The text format of Prometheus 0.0.4 for families with a series per tenant. A registry would hash and
 * keep every one of a hundred thousand series between two scrapes; these are written from what was
 * read, and forgotten.
 */

/** Name and value, in the order of the family; ids of backups and runs are never labels. */
export type Labels = readonly (readonly [name: string, value: string])[];

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

/** Gauges as text that ends with a newline; a family without samples keeps its two comment lines. */
export function gaugesText(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { name, help, samples } of families) {
    lines.push("", `# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
    for (const [labels, value] of samples) lines.push(`${name}${labelsText(labels)} ${String(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelsText(labels: Labels): string {
  if (labels.length === 0) return "";
  let text = "";
  for (const [name, value] of labels) text += `${text === "" ? "{" : ","}${name}="${escaped(value)}"`;
  return `${text}}`;
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    : value;
}
