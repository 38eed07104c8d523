import { counted } from "../../../core/units.js";
import type { Described } from "./describe.js";
import { portalFacts } from "./portal/read.js";
import { readText } from "./portal/text.js";
import { factText } from "./record-text.js";

/** The most links that are shown. */
const LINKS_SHOWN = 12;
const LINKS_BEGUN = 8;

/** Portals' records for a terminal: facts of the image, and links to the data. */
export function webText(described: readonly Described[]): string {
  return described.map(sectionOf).join("\n\n");
}

function sectionOf({ name, record }: Described): string {
  const { portal, source_url, raw_metadata, download_links: links, requests, warnings, extra } = record;
  const facts = portalFacts({ raw_metadata, record: extra });
  const prose = facts.text === undefined ? undefined : readText(facts.text);
  const { x, y, z } = facts.lengths ?? {};
  const voxel = { ...prose?.voxelSize, ...facts.voxelSize };
  const sizes = (["z", "y", "x"] as const).map((axis) => voxel[axis] && `${axis} ${voxel[axis].value} ${voxel[axis].unit}`);
  const lengths = [z ?? facts.slices, y, x].filter((length) => length !== undefined);
  const taken = Object.entries({ ...prose?.acquisition, ...facts.acquisition });
  const whose = facts.guessedOf === undefined ? "" : `  (${facts.guessedOf})`;
  const lines: [string, string | undefined][] = [
    ["size", lengths.length > 0 ? [lengths.join(" × "), facts.dtype].filter(Boolean).join("  ") + whose : undefined],
    ["voxel", sizes.some(Boolean) ? sizes.filter(Boolean).join(", ") + whose : undefined],
    [
      "taken with",
      taken.length > 0 ? taken.map(([key, fact]) => `${key.replaceAll("_", " ")} ${factText(fact)}`).join(", ") : undefined,
    ],
    ...shownLinks(links).map((link, at): [string, string] => [
      at === 0 ? (links.length === 1 ? "link" : `${counted(links.length, "link")}`) : "",
      link,
    ]),
    ["asked", counted(requests.length, "request")],
    ...warnings.map((warning): [string, string] => ["warning", warning]),
  ];
  const body = lines.flatMap(([label, text]) => (text === undefined ? [] : [`  ${label.padEnd(11)}${text}`]));
  return [`${name}  ${portal}`, `  ${shortened(source_url)}`, ...body].join("\n");
}

function shownLinks(links: readonly string[]): string[] {
  if (links.length === 0) return ["none"];
  return links.length <= LINKS_SHOWN
    ? [...links]
    : [...links.slice(0, LINKS_BEGUN), `… and ${links.length - LINKS_BEGUN} more (--json lists them)`];
}

/** Viewers' links contain their whole state. */
function shortened(url: string): string {
  return url.length <= 160 ? url : `${url.slice(0, 157)}…`;
}
