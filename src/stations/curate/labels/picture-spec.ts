import type { Mark, Spec } from "vega";
import { isCounted, type LabelCounts } from "./count.js";

/** A picture for the plotting library, and its size on paper. */
export interface Picture {
  readonly spec: Spec;
  /** Inches. A drawing unit is 1/96 of one. */
  readonly width: number;
  readonly height: number;
  /** For PNG, in pixels an inch. */
  readonly dpi: number;
}

const FONT = "Source Sans 3, Source Sans Pro, Helvetica, Arial, sans-serif";
const INK = "#222222";
const MUTED = "#6b6b6b";
/** Colours that readers with any colour vision tell apart (Okabe and Ito 2008), the strongest first. */
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999"];
const UNIT = 96;

/** More bars cannot be read: the rarest labels become one bar. */
const BARS_MAX = 40;

/**
 * A bar for each label, the most frequent first, one colour a drive, its number above it. Terms that are not defined are pale.
 * The caption names the models that are not counted. `compat`: the reference's own picture, a bar for every file name in the
 * order of discovery.
 */
export function histogramSpec(counts: Pick<LabelCounts, "rows" | "outside">, compat: boolean): Picture {
  return compat ? referenceSpec(counts) : labelSpec(counts);
}

function labelSpec({ rows, outside }: Pick<LabelCounts, "rows" | "outside">): Picture {
  const counted = rows.filter((row) => isCounted(row.class));
  const totals = sumsBy(counted, ({ label }) => label);
  const order = mostFirst(totals);
  const shown = new Set(order.slice(0, order.length > BARS_MAX ? BARS_MAX - 1 : BARS_MAX));
  const other = `${order.length - shown.size} others`;
  const labels = [...shown, ...(order.length > shown.size ? [other] : [])];
  const drives = [...new Set(counted.map(({ drive }) => drive))].sort();
  const pale = new Set(counted.filter(({ status }) => status !== "known").map(({ label }) => label));
  const values = counted.map(({ label, drive, count }) => ({
    label: shown.has(label) ? label : other,
    drive,
    count,
    pale: pale.has(label),
  }));
  const tops = labels.map((label) => ({
    label,
    count: label === other ? order.slice(shown.size).reduce((sum, name) => sum + totals.get(name)!, 0) : totals.get(label),
  }));
  const slanted = labels.length > 14 || labels.some((label) => label.length > 8);
  const [width, height] = [7.2, 4.6];
  return {
    width,
    height,
    dpi: 300,
    spec: {
      width: width * UNIT - 74,
      height: height * UNIT - (slanted ? 150 : 104) - (drives.length > 1 ? 26 : 8),
      padding: { left: 58, right: 16, top: drives.length > 1 ? 42 : 24, bottom: slanted ? 134 : 88 },
      autosize: "none",
      background: "white",
      config: themeConfig(),
      data: [
        {
          name: "models",
          values,
          transform: [
            { type: "aggregate", groupby: ["label", "drive", "pale"], ops: ["sum"], fields: ["count"], as: ["count"] },
            { type: "stack", groupby: ["label"], field: "count", sort: { field: "drive" } },
          ],
        },
        { name: "tops", values: tops },
      ],
      scales: [
        { name: "label", type: "band", domain: labels, range: "width", paddingInner: 0.3, paddingOuter: 0.2 },
        {
          name: "models",
          domain: [0, Math.max(1, ...tops.map(({ count }) => count ?? 0))],
          nice: true,
          zero: true,
          range: "height",
        },
        { name: "drive", type: "ordinal", domain: drives, range: drives.map((_, at) => COLOURS[at % COLOURS.length]!) },
      ],
      axes: [
        {
          orient: "left",
          scale: "models",
          title: "Models",
          grid: true,
          tickCount: 6,
          tickMinStep: 1,
          domain: false,
          ticks: false,
          labelPadding: 6,
          format: "~d",
        },
        {
          orient: "bottom",
          scale: "label",
          title: "Label",
          ticks: false,
          labelPadding: 6,
          labelFontSize: 12,
          ...(slanted ? { labelAngle: -45, labelAlign: "right", labelBaseline: "middle", labelLimit: 110 } : {}),
        },
      ],
      legends:
        drives.length > 1
          ? [
              {
                fill: "drive",
                orient: "none",
                legendX: 0,
                legendY: -36,
                direction: "horizontal",
                symbolType: "square",
                columnPadding: 16,
              },
            ]
          : [],
      marks: [
        ...barMarks(labels.length > 24 ? 8 : 11),
        ...captionOf(rows, outside).map((text, line) => captionMark(text, (slanted ? 100 : 54) + 15 * line)),
      ],
    },
  };
}

/** The bars, and the number above each. */
function barMarks(fontSize: number): Mark[] {
  return [
    ...[true, false].map((under) => ({
      type: "rect" as const,
      from: { data: "models" },
      encode: {
        enter: {
          x: { scale: "label", field: "label" },
          width: { scale: "label", band: 1 },
          y: { scale: "models", field: "y1" },
          y2: { scale: "models", field: "y0" },
          // white below, so that the grid does not show through the pale bars
          fill: under ? { value: "white" } : { scale: "drive", field: "drive" },
          fillOpacity: under ? { value: 1 } : [{ test: "datum.pale", value: 0.4 }, { value: 1 }],
        },
      },
    })),
    {
      type: "text",
      from: { data: "tops" },
      encode: {
        enter: {
          x: { scale: "label", field: "label", band: 0.5 },
          y: { scale: "models", field: "count", offset: -4 },
          text: { field: "count" },
          align: { value: "center" },
          baseline: { value: "bottom" },
          fontSize: { value: fontSize },
          font: { value: FONT },
          fill: { value: INK },
        },
      },
    },
  ];
}

function captionMark(text: string, below: number): Mark {
  return {
    type: "text",
    encode: {
      enter: {
        x: { value: -44 },
        y: { signal: `height + ${below}` },
        text: { value: text },
        fontSize: { value: 10 },
        font: { value: FONT },
        fill: { value: MUTED },
      },
    },
  };
}

/** Models that are not counted: their class, and how the caption calls one and several of them. */
const NOT_COUNTED = [
  ["sidecar", "sidecar file of macOS", "sidecar files of macOS"],
  ["automatic", "automatic model", "automatic models"],
  ["backup", "backup", "backups"],
  ["empty", "empty file", "empty files"],
  ["unreadable", "unreadable file", "unreadable files"],
] as const;

function captionOf(rows: LabelCounts["rows"], outside: number): string[] {
  const counted = rows.filter((row) => isCounted(row.class));
  const models = counted.reduce((sum, { count }) => sum + count, 0);
  const labels = new Set(counted.map(({ label }) => label)).size;
  const amount = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;
  const sums = sumsBy(rows, (row) => row.class);
  const left = NOT_COUNTED.flatMap(([name, one, many]) => (sums.get(name) ? amount(sums.get(name)!, one, many) : []));
  if (outside > 0) left.push(amount(outside, "model in unmatched runs", "models in unmatched runs"));
  const pale = counted.some(({ status }) => status !== "known") ? " Pale: terms that are not defined." : "";
  return [
    `${amount(models, "model", "models")} in ${amount(labels, "label", "labels")}.${pale}`,
    ...(left.length > 0 ? [`Not counted: ${left.join(", ")}.`] : []),
  ];
}

/** The number of models of each name, in the order of the first models. */
function sumsBy<Row extends { readonly count: number }>(rows: readonly Row[], nameOf: (row: Row) => string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(nameOf(row), (sums.get(nameOf(row)) ?? 0) + row.count);
  return sums;
}

function mostFirst(sums: ReadonlyMap<string, number>): string[] {
  return [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
}

/** A row for each species of each drive, a column for each label; each field has the number of models, darker for more. */
export function matrixSpec(cells: LabelCounts["cells"]): Picture {
  const drives = new Set(cells.map(({ drive }) => drive));
  const values = cells.map(({ drive, species, label, count }) => ({
    label,
    place: drives.size > 1 ? `${drive} · ${species || "(no species)"}` : species || "(no species)",
    count,
  }));
  const labels = mostFirst(sumsBy(values, ({ label }) => label));
  const places = [...new Set(values.map(({ place }) => place))].sort();
  const left = 24 + Math.min(340, 6 * Math.max(8, ...places.map((place) => place.length)));
  const top = 28 + Math.min(120, 5 * Math.max(4, ...labels.map((label) => label.length)));
  const [drawnWidth, drawnHeight] = [46 * Math.max(1, labels.length), 22 * Math.max(1, places.length)];
  const most = Math.max(1, ...values.map(({ count }) => count));
  return {
    width: (left + drawnWidth + 20) / UNIT,
    height: (top + drawnHeight + 20) / UNIT,
    dpi: 300,
    spec: {
      width: drawnWidth,
      height: drawnHeight,
      padding: { left, right: 20, top, bottom: 20 },
      autosize: "none",
      background: "white",
      config: themeConfig(),
      data: [{ name: "models", values }],
      scales: [
        { name: "label", type: "band", domain: labels, range: "width", padding: 0.04 },
        { name: "place", type: "band", domain: places, range: "height", padding: 0.06 },
        { name: "count", type: "sqrt", domain: [0, most], range: { scheme: "blues" } },
      ],
      axes: [
        {
          orient: "top",
          scale: "label",
          labelAngle: -45,
          labelAlign: "left",
          labelBaseline: "middle",
          ticks: false,
          domain: false,
          labelPadding: 8,
          labelFontSize: 12,
        },
        { orient: "left", scale: "place", ticks: false, domain: false, labelPadding: 8, labelFontSize: 11, labelLimit: 340 },
      ],
      marks: [
        {
          type: "rect",
          from: { data: "models" },
          encode: {
            enter: {
              x: { scale: "label", field: "label" },
              width: { scale: "label", band: 1 },
              y: { scale: "place", field: "place" },
              height: { scale: "place", band: 1 },
              fill: { scale: "count", field: "count" },
            },
          },
        },
        {
          type: "text",
          from: { data: "models" },
          encode: {
            enter: {
              x: { scale: "label", field: "label", band: 0.5 },
              y: { scale: "place", field: "place", band: 0.5 },
              text: { field: "count" },
              align: { value: "center" },
              baseline: { value: "middle" },
              fontSize: { value: 11 },
              font: { value: FONT },
              fill: [{ test: `datum.count > ${most * 0.4}`, value: "white" }, { value: INK }],
            },
          },
        },
      ],
    },
  };
}

/** The reference's figure: matplotlib's colours, the reference's words, all file names. */
function referenceSpec({ rows }: Pick<LabelCounts, "rows">): Picture {
  const values = [...sumsBy(rows, ({ fileName }) => fileName)].map(([name, count]) => ({ name, count }));
  return {
    width: 12,
    height: 8,
    dpi: 300,
    spec: {
      width: 12 * UNIT - 110,
      height: 8 * UNIT - 290,
      padding: { left: 80, right: 30, top: 50, bottom: 240 },
      autosize: "none",
      background: "white",
      config: {
        ...themeConfig(),
        axis: { labelFont: FONT, titleFont: FONT, labelFontSize: 10, titleFontSize: 14, titleFontWeight: "normal" },
      },
      title: { text: "Histogram of .mod File Counts by File Name", font: FONT, fontSize: 16, fontWeight: "normal", offset: 12 },
      data: [{ name: "files", values }],
      scales: [
        {
          name: "name",
          type: "band",
          domain: values.map(({ name }) => name),
          range: "width",
          paddingInner: 0.2,
          paddingOuter: 1,
        },
        { name: "count", domain: [0, 1.05 * Math.max(1, ...values.map(({ count }) => count))], range: "height" },
      ],
      axes: [
        {
          orient: "left",
          scale: "count",
          title: "Counts",
          grid: true,
          gridDash: [4, 3],
          gridColor: "#b0b0b0",
          tickCount: 6,
          tickMinStep: 1,
        },
        {
          orient: "bottom",
          scale: "name",
          title: "File Names",
          labelAngle: -90,
          labelAlign: "right",
          labelBaseline: "middle",
          labelOverlap: false,
          labelLimit: 0,
        },
      ],
      marks: [
        {
          type: "rect",
          from: { data: "files" },
          encode: {
            enter: {
              x: { scale: "name", field: "name" },
              width: { scale: "name", band: 1 },
              y: { scale: "count", field: "count" },
              y2: { scale: "count", value: 0 },
              fill: { value: "#87ceeb" },
            },
          },
        },
      ],
    },
  };
}

function themeConfig(): NonNullable<Spec["config"]> {
  return {
    axis: {
      labelFont: FONT,
      titleFont: FONT,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: 600,
      labelColor: INK,
      titleColor: INK,
      gridColor: "#e3e3e3",
      domainColor: INK,
      titlePadding: 10,
    },
    legend: { labelFont: FONT, labelFontSize: 11, labelColor: INK, symbolSize: 90 },
  };
}
