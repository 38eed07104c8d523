import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { isArray } from "./json.js";
import { checkImageLabel, checkLabels } from "./ngff-label.js";
import { checkMultiscales, checkOmero } from "./ngff-multiscales.js";
import { checkPlate, checkWell } from "./ngff-plate.js";
import { below, found, type NgffCheck, type NgffFinding, type NgffRelease, read, startCheck, typed } from "./ngff-rules.js";
import { checkScene, checkSystemMultiscales } from "./ngff-systems.js";
import { omeVersion } from "./ome-version.js";

/**
 * Kind of a group by its attributes. A group may be of several: most labels are images as well, a plate may have a bioformats2raw
 * layout beside it.
 */
export type NgffKind = "image" | "label" | "labels" | "plate" | "well" | "scene" | "bioformats2raw" | "series";

export interface NgffReport {
  /** Version in the metadata; undefined where they give none. */
  version: string | undefined;
  kinds: readonly NgffKind[];
  /** True if no finding is an error. */
  valid: boolean;
  /** Findings, errors first. */
  findings: readonly NgffFinding[];
}

export interface NgffOptions {
  /** Counts as errors what the specification recommends, and what its words ask beyond its schemas. */
  strict?: boolean | undefined;
  /** Kind that the group must be of. Default: every kind that is there is checked, and there must be one. */
  kind?: NgffKind | undefined;
}

const KEYS: Record<NgffKind, string> = {
  image: "multiscales",
  label: "image-label",
  labels: "labels",
  plate: "plate",
  well: "well",
  scene: "scene",
  bioformats2raw: "bioformats2raw.layout",
  series: "series",
};

/** Up to 0.4 the version is a member of each of these. */
const VERSIONED: NgffKind[] = ["image", "label", "plate", "well"];

/**
 * Checks a group's attributes against OME-Zarr 0.1 to 0.6 (release candidate): `.zattrs`, or `attributes` of a `zarr.json`. Does
 * not look at the arrays.
 *
 * Sources: ngff.openmicroscopy.org 0.4 and 0.5, ome/ngff-spec 0.6rc0, their schemas and conformance cases.
 */
export function validateNgff(attributes: Json, { strict = false, kind }: NgffOptions = {}): NgffReport {
  const check = startCheck(strict);
  const root = typed(check, attributes, "", "object");
  const { version, kinds } = root ? checkAttributes(check, root, kind) : { version: undefined, kinds: [] };
  const [errors, warnings] = (["error", "warning"] as const).map((wanted) =>
    check.findings.filter(({ severity }) => severity === wanted),
  ) as [NgffFinding[], NgffFinding[]];
  return { version, kinds, valid: errors.length === 0, findings: [...errors, ...warnings] };
}

function checkAttributes(
  check: NgffCheck,
  root: JsonObject,
  wanted: NgffKind | undefined,
): { version: string | undefined; kinds: NgffKind[] } {
  const wrapped = Object.hasOwn(root, "ome");
  const metadata = wrapped ? read(check, root, "ome", "", "object") : root;
  if (!metadata) return { version: undefined, kinds: [] };
  const path = wrapped ? "ome" : "";
  const version = wrapped ? wrappedVersion(check, metadata) : looseVersion(check, metadata);
  const kinds = (Object.keys(KEYS) as NgffKind[]).filter((kind) => Object.hasOwn(metadata, KEYS[kind]));
  if (kinds.length === 0 || (wanted && !kinds.includes(wanted))) {
    const needed = wanted ? KEYS[wanted] : "multiscales, image-label, plate, well, scene or bioformats2raw.layout";
    check.report("kind", path, `expected ${needed}, found ${Object.keys(metadata).slice(0, 12).join(", ") || "nothing"}`);
  }
  const release = releaseOf(version ?? likelyVersion(metadata, wrapped));
  for (const kind of kinds) checkKind(check, kind, metadata, path, release);
  if (kinds.includes("label") && !kinds.includes("image")) {
    check.report("label-image", path, "image-label without multiscales, a label image has both");
  }
  return { version, kinds };
}

/** Most likely version of metadata that give none: the absence is reported once, and the rest is checked by this version. */
function likelyVersion(metadata: JsonObject, wrapped: boolean): string {
  if (!wrapped) return "0.4";
  const images = member(metadata, "multiscales");
  const hasSystems = isArray(images) && images.some((image) => isJsonObject(image) && Object.hasOwn(image, "coordinateSystems"));
  return hasSystems ? "0.6" : "0.5";
}

function releaseOf(version: string): NgffRelease {
  return { minor: Number(/^0\.(\d)/.exec(version)?.[1] ?? 4), draft: /^0\.6\.?dev[12]$/.test(version) };
}

function checkKind(check: NgffCheck, kind: NgffKind, metadata: JsonObject, path: string, release: NgffRelease): void {
  const { minor } = release;
  switch (kind) {
    case "image":
      if (minor >= 6) checkSystemMultiscales(check, metadata, path, release);
      else checkMultiscales(check, metadata, path, minor);
      checkOmero(check, metadata, path, minor);
      break;
    case "label":
      checkImageLabel(check, metadata, path, minor);
      break;
    case "labels":
      checkLabels(check, metadata, path);
      break;
    case "plate":
      checkPlate(check, metadata, path, minor);
      break;
    case "well":
      checkWell(check, metadata, path, minor);
      break;
    case "scene":
      if (minor < 6) check.report("version", below(path, "scene"), "scenes came with 0.6");
      else checkScene(check, metadata, path, release);
      break;
    case "bioformats2raw": {
      const layout = read(check, metadata, KEYS[kind], path, "number");
      // bioformats2raw wrote 1 and 2 before its layout was specified
      const older = minor < 5 && (layout === 1 || layout === 2);
      if (layout !== undefined && layout !== 3) {
        check.report("range", below(path, KEYS[kind]), `expected 3, found ${layout}`, older ? "strict" : "must");
      }
      break;
    }
    case "series":
      read(check, metadata, "series", path, "list")?.forEach((item, i) => {
        typed(check, item, `${below(path, "series")}.${i}`, "string");
      });
  }
}

/** Version of metadata since 0.5: one for all that is below `ome`. */
function wrappedVersion(check: NgffCheck, metadata: JsonObject): string | undefined {
  const version = read(check, metadata, "version", "ome", "string", true);
  if (version === undefined) return undefined;
  const known = omeVersion(version, "wrapped");
  if (!known) check.report("version", "ome.version", found(version, "0.5 or 0.6"));
  // the release candidates are what 0.6 is judged by
  else if (known.warning !== undefined && !/^0\.6rc\d+$/.test(version)) {
    check.report(
      "version-draft",
      "ome.version",
      `${version} is a draft, it is checked as ${known.minor === 6 ? "0.6rc0" : "0.5"}`,
    );
  }
  return version;
}

/** Up to 0.4: a version in each part, which may be left out. */
function looseVersion(check: NgffCheck, metadata: JsonObject): string | undefined {
  let first: string | undefined;
  for (const kind of VERSIONED) {
    const value = member(metadata, KEYS[kind]);
    const parts: [Json, string][] = isArray(value)
      ? value.map((item, i) => [item, `${KEYS[kind]}.${i}`])
      : [[value ?? null, KEYS[kind]]];
    for (const [part, path] of parts) {
      if (!isJsonObject(part)) continue;
      const version = read(check, part, "version", path, "string");
      if (version === undefined) {
        if (!Object.hasOwn(part, "version")) check.report("version-given", `${path}.version`, "absent; expected 0.4");
        continue;
      }
      first ??= version;
      const known = omeVersion(version, "loose");
      if (known?.warning !== undefined) {
        check.report("version-draft", `${path}.version`, `${version} is a draft, it is checked as 0.${known.minor}`);
      }
      if (known) continue;
      const moved = /^0\.[5-9]/.test(version);
      check.report(
        "version",
        `${path}.version`,
        found(version, moved ? "0.1 to 0.4; from 0.5 on metadata are below ome" : "0.1 to 0.4"),
      );
    }
  }
  return first;
}
