/** Line charts as an SVG that stands by itself: no script, no font of its own, legible on light and on dark. */

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  /** Named once, above all panels. */
  readonly legend: readonly Style[];
  /** Panels of one row are equally wide and high. */
  readonly rows: readonly Row[];
  /** What the places along every panel are, the first of which is 1. */
  readonly places: string;
}

export interface Row {
  readonly heightPx: number;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** What the numbers are. */
  readonly unit: string;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly style: Style["style"];
  readonly values: readonly number[];
}

export interface Style {
  readonly name: string;
  readonly style: "first" | "first-dashed" | "second" | "third";
}

const widthPx = 960;
const marginPx = 24;
const headPx = 104;
/** For the numbers on the left, and for what stands at the ends of lines on the right. */
const axisPx = 52;
const endsPx = 56;
const titlePx = 34;
const placesPx = 44;
const textPx = 13;

/** Colours keep apart for those who see fewer of them, and shapes of lines tell them apart once more. */
const look = `
  :root { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --grid: #d1d9e0; --first: #0b62c4; --second: #b35900; --third: #6e7781; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --grid: #30363d; --first: #58a6ff; --second: #f0a030; --third: #a8b1bb; }
  }
  text { font-family: system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; font-size: ${String(textPx)}px; fill: var(--ink); }
  .title { font-size: 20px; font-weight: 600; }
  .panel { font-weight: 600; }
  .faint { fill: var(--faint); font-size: 12px; }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .line { fill: none; stroke-width: 2.25; stroke-linejoin: round; }
  .first, .first-dashed { stroke: var(--first); }
  .second { stroke: var(--second); stroke-dasharray: 8 3; }
  .third { stroke: var(--third); stroke-dasharray: 2 3; }
  .first-dashed { stroke-dasharray: 5 4; stroke-width: 1.5; }
  .end-first, .end-first-dashed { fill: var(--first); }
  .end-second { fill: var(--second); }
  .end-third { fill: var(--third); }`;

export function svgOf({ title, subtitle, legend, rows, places }: Chart): string {
  let top = headPx;
  const drawn: string[] = [];
  for (const { heightPx, panels } of rows) {
    const width = (widthPx - marginPx) / panels.length;
    for (const [column, one] of panels.entries()) {
      const area = {
        left: marginPx + column * width + axisPx,
        top: top + titlePx,
        width: width - axisPx - endsPx - marginPx,
        height: heightPx,
      };
      drawn.push(...panelOf(one, area, places));
    }
    top += titlePx + heightPx + placesPx;
  }
  const size = `${String(widthPx)} ${String(top)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" width="${String(widthPx)}" role="img" aria-labelledby="title subtitle">`,
    `<style>${look}\n</style>`,
    `<rect width="100%" height="100%" fill="var(--paper)"/>`,
    `<text id="title" class="title" x="${String(marginPx)}" y="38">${escaped(title)}</text>`,
    `<text id="subtitle" class="faint" x="${String(marginPx)}" y="60">${escaped(subtitle)}</text>`,
    ...legendOf(legend),
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function legendOf(styles: readonly Style[]): string[] {
  let left = marginPx;
  return styles.map(({ name, style }) => {
    const x = left;
    left += 34 + name.length * 6.6 + 28;
    return `<path class="line ${style}" d="M${px(x)} 84h26"/><text x="${px(x + 34)}" y="88">${escaped(name)}</text>`;
  });
}

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function panelOf({ title, unit, lines }: Panel, area: Area, places: string): string[] {
  const { left, top, width, height } = area;
  const bottom = top + height;
  const count = Math.max(...lines.map(({ values }) => values.length));
  const most = Math.max(...lines.flatMap(({ values }) => values));
  const step = niceStep(most, height);
  const steps = Math.max(1, Math.ceil(most / step));
  const x = (index: number): number => left + (count === 1 ? 0 : (index / (count - 1)) * width);
  const y = (value: number): number => bottom - (value / (step * steps)) * height;
  const marks = Array.from({ length: steps + 1 }, (_, mark) => mark * step);
  const shown = Array.from({ length: count }, (_, index) => index + 1).filter(
    (place) => place === 1 || place % 5 === 0,
  );
  return [
    `<text class="panel" x="${px(left - axisPx)}" y="${px(top - 16)}">${escaped(title)}<tspan class="faint" font-weight="400" dx="8">${escaped(unit)}</tspan></text>`,
    ...marks.flatMap((mark) => [
      `<path class="grid" d="M${px(left)} ${px(y(mark))}h${px(width)}"/>`,
      `<text class="faint" text-anchor="end" x="${px(left - 8)}" y="${px(y(mark) + 4)}">${spelt(mark)}</text>`,
    ]),
    ...shown.map(
      (place) =>
        `<text class="faint" text-anchor="middle" x="${px(x(place - 1))}" y="${px(bottom + 18)}">${String(place)}</text>`,
    ),
    `<text class="faint" text-anchor="end" x="${px(left - 8)}" y="${px(bottom + 18)}">${escaped(places)}</text>`,
    ...lines.map(({ style, values }) => {
      const points = values.map((value, index) => `${px(x(index))} ${px(y(value))}`);
      return `<path class="line ${style}" d="M${points.join("L")}"/>`;
    }),
    ...endsOf(lines, x(count - 1), y),
  ];
}

/** The last number of each line, moved apart where lines end close to one another. */
function endsOf(lines: readonly Line[], right: number, y: (value: number) => number): string[] {
  const ends = lines
    .map(({ style, values }) => ({ style, value: values.at(-1) ?? 0 }))
    .map(({ style, value }) => ({ style, value, at: y(value) + 4 }))
    .toSorted((one, other) => one.at - other.at);
  for (let index = ends.length - 2; index >= 0; index -= 1) {
    const [one, below] = [ends[index], ends[index + 1]];
    if (one !== undefined && below !== undefined) one.at = Math.min(one.at, below.at - textPx);
  }
  return ends.map(
    ({ style, value, at }) =>
      `<text class="end-${style}" x="${px(right + 6)}" y="${px(at)}">${spelt(value)}</text>`,
  );
}

/** 1, 2 or 5 times a power of ten, so that lines of the grid lie some 40 pixels apart. */
function niceStep(most: number, heightPx: number): number {
  const rough = Math.max(1, most / (heightPx / 40));
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((times) => times * power >= rough) ?? 10) * power;
}

function spelt(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A tenth of a pixel is more than anybody sees. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
