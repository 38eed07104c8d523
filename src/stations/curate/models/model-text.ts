import { oneLine } from "../../../formats/mod/ascii.js";
import type { DrawnOn } from "./drawn-on.js";
import type { Box, ModelInfo } from "./model-info.js";

const KINDS: Readonly<Record<ModelInfo["kind"], string>> = {
  points: "points",
  slicer: "slicer angles alone",
  both: "points and slicer angles",
  empty: "nothing drawn",
};

/** The facts of a model for people, and a table of its objects. */
export function modelText(file: string, info: ModelInfo & { readonly drawn_on: DrawnOn | null }): string {
  const { counts, image, objects, drawn_on, slicer_angles } = info;
  const row = (name: string, text: string) => `  ${name.padEnd(12)}${text}`;
  const pixel = info.pixsize_nm === null ? "pixels of unknown size" : `${short(10 * info.pixsize_nm)} Å a pixel`;
  return [
    `${file}: ${KINDS[info.kind]}`,
    row("volume", `${info.max.join(" × ")}, ${pixel}${info.yz_flipped ? ", last seen with y and z exchanged" : ""}`),
    ...(image
      ? [
          row(
            "image",
            `scale ${triple(image.scale)} Å, translation ${triple(image.translation)} Å, rotation ${triple(image.rotation)}°${info.origin_A ? `, origin ${triple(info.origin_A)} Å` : ""}`,
          ),
        ]
      : []),
    ...(drawn_on ? [row("drawn on", drawnText(drawn_on))] : []),
    row(
      "holds",
      [
        many(counts.objects, "object"),
        many(counts.contours, "contour"),
        many(counts.points, "point"),
        many(counts.meshes, "mesh", "meshes"),
        many(counts.slicer_angles, "slicer angle"),
      ].join(", "),
    ),
    ...(info.points_outside > 0 ? [row("outside", `${many(info.points_outside, "point")} of the volume`)] : []),
    ...(objects.length > 0 ? ["", ...objectTable(info)] : []),
    ...(slicer_angles.length > 0 ? ["", ...slicerTable(info)] : []),
    ...info.warnings.map((warning) => `  warning: ${warning}`),
  ].join("\n");
}

function drawnText({ path, score, reason, candidates }: DrawnOn): string {
  if (path !== undefined) return `${path} (${score}: ${reason})`;
  return `${reason}${candidates.length > 1 ? `: ${candidates.map((one) => one.path.slice(one.path.lastIndexOf("/") + 1)).join(", ")}` : ""}`;
}

function objectTable({ objects }: ModelInfo): string[] {
  const flags = (object: ModelInfo["objects"][number]) => (object.off ? `${object.contour_kind}, off` : object.contour_kind);
  const color = ([red, green, blue]: readonly number[]) =>
    `#${[red, green, blue]
      .map((value) =>
        Math.round(255 * Math.min(1, Math.max(0, value!)))
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")}`;
  return columns([
    ["object", "name", "kind", "contours", "points", "meshes", "colour", "x", "y", "z"],
    ...objects.map((object, at) => [
      String(at + 1),
      oneLine(object.name) || "-",
      flags(object),
      String(object.contours),
      String(object.points),
      String(object.meshes),
      color(object.color),
      ...extents(object.bounding_box),
    ]),
  ]);
}

function slicerTable({ slicer_angles }: ModelInfo): string[] {
  return columns([
    ["slicer", "x°", "y°", "z°", "centre", "label"],
    ...slicer_angles.map(({ angles, center, label }, at) => [
      String(at + 1),
      ...angles.map(short),
      triple(center),
      oneLine(label) || "-",
    ]),
  ]);
}

function extents(box: Box | null): string[] {
  return [0, 1, 2].map((axis) => {
    if (!box) return "-";
    const [low, high] = [short(box.min[axis]!), short(box.max[axis]!)];
    return low === high ? low : `${low} to ${high}`;
  });
}

/** Aligned columns, two blanks between. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((cells) => cells[at]!.length)));
  return rows.map((cells) => `  ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join("  ")}`.trimEnd());
}

const many = (count: number, one: string, several = `${one}s`): string => `${count} ${count === 1 ? one : several}`;
const short = (value: number): string => String(Number(value.toPrecision(6)));
const triple = (values: readonly number[]): string => values.map(short).join(", ");
