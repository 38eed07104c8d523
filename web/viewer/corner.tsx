import type { ReactNode } from "react";
import { writtenIn } from "../../src/formats/peek/facts.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { type Fact, FactList, type FactSource, Facts, fact } from "../parts/facts.js";
import { ABSENT } from "../parts/format.js";
import { rounded } from "./contrast.js";
import { hasScale } from "./geometry.js";
import type { Session } from "./session.js";
import { quadShows } from "./settings.js";
import { longAxes, pageAxisName } from "./stack-pages.js";
import { hasSpace } from "./state.js";

/** Below the yz and beside the xz pane: what is known of the volume, and from where. */
export function Corner({ session: { facts }, isLarge }: { session: Session; isLarge: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keys where it is small
    <section className="v-corner" aria-label="Facts" tabIndex={0}>
      {isLarge ? <Facts facts={volumeFacts(facts)} /> : <FactList facts={volumeFacts(facts).slice(0, 3)} />}
    </section>
  );
}

/** The fourth pane: space where sections lie above each other, and the facts. */
export function QuadCorner({ session, inSpace }: { session: Session; inSpace: (choice: ReactNode) => ReactNode }) {
  const shows = quadShows.use();
  if (!hasSpace(session.facts)) return <Corner session={session} isLarge />;
  const choice = (
    <fieldset className="choice">
      <legend className="hidden">Fourth pane</legend>
      {(["space", "facts"] as const).map((one) => (
        <button key={one} type="button" aria-pressed={one === shows} onClick={() => quadShows.set(one)}>
          {one === "space" ? "3-D" : "Facts"}
        </button>
      ))}
    </fieldset>
  );
  if (shows === "space") return inSpace(choice);
  return (
    <div className="v-fourth">
      {choice}
      <Corner session={session} isLarge />
    </div>
  );
}

/** Headers are float32, and names of folders have three decimals. */
const ALIKE_ANGSTROM = 0.002;

/** Facts of a volume with their sources, the most important first. */
export function volumeFacts(facts: VolumeFacts): readonly Fact[] {
  const { shape, sources, originAngstrom, limits, angles, doses, pages, key, dtype, format } = facts;
  const written = writtenIn(format);
  const print = (zyx: readonly (number | string)[]) => [...zyx].reverse().join(" × ");
  const sizes = facts.voxelSizeAngstrom.map((size) => size?.toFixed(2) ?? "unknown");
  const isOneSize = new Set(sizes).size === 1;
  const told = sources.voxelSizeAngstrom ?? [];
  return [
    fact("shape", print(shape), written),
    {
      label: "voxel",
      sources: hasScale(facts) ? voxelSources(told, written) : [],
      shown: `${isOneSize ? sizes[0] : print(sizes)} Å`,
      absent: "neither the volume nor what lies beside it says its size",
    },
    fact("type", dtype, written),
    fact("kind", facts.kind, "name and shape"),
    ...(originAngstrom.some((value) => value !== 0)
      ? [
          fact(
            "origin",
            `${[...originAngstrom]
              .reverse()
              .map((value) => value.toFixed(1))
              .join(" ")} Å`,
            written,
          ),
        ]
      : []),
    fact(
      "contrast",
      `${rounded(limits.low)} to ${rounded(limits.high)}`,
      limits.from === "sample" ? "a sample of the voxels" : "metadata",
    ),
    ...(pages
      ? [
          fact(
            "pages",
            `${longAxes(pages)
              .map((axis) => `${pages[axis]} × ${pageAxisName(axis)}`)
              .join(", ")}`,
            "metadata",
          ),
        ]
      : []),
    ...(doses?.length ? [fact("dose", `${Math.max(...doses).toFixed(1)} e/Å² in all`, sources.doses?.[0]?.from)] : []),
    ...(angles?.length
      ? [
          fact(
            "angles",
            `${angles.length}, ${Math.min(...angles).toFixed(2)}° to ${Math.max(...angles).toFixed(2)}°`,
            sources.angles?.[0]?.from,
          ),
        ]
      : []),
    fact("format", format, "first bytes"),
    fact("file", key || ABSENT, "place"),
  ];
}

/** Sources of the voxel size. Values that are the same, within what headers and folders can hold, are written the same. */
function voxelSources(told: readonly FactSource[], written: string): readonly FactSource[] {
  if (told.length === 0) return [{ value: "", from: written }];
  const values = told.map(({ value }) => Number(value));
  const isAlike = Math.max(...values) - Math.min(...values) <= ALIKE_ANGSTROM;
  return told.map(({ value, from, at }) => ({ value: `${isAlike ? values[0]!.toFixed(2) : value} Å`, from, at }));
}
