import { ABSENT } from "../parts/format.js";
import { hasScale, voxelOf } from "./geometry.js";
import type { Session } from "./session.js";

/** Below the yz and beside the xz pane: what is known of the volume, and from where. */
export function Corner({ session: { facts }, isLarge }: { session: Session; isLarge: boolean }) {
  const [z, y, x] = facts.shape;
  const sizes = [...voxelOf(facts)].reverse().map((size) => size.toFixed(2));
  const voxel = `${[...new Set(sizes)].length === 1 ? sizes[0] : sizes.join(" × ")} Å`;
  const rows: readonly (readonly [string, string])[] = [
    ["shape", `${x} × ${y} × ${z}`],
    ["voxel", hasScale(facts) ? voxel : ABSENT],
    ["type", `${facts.dtype}, ${facts.format}`],
    ...(isLarge ? sourcesOf(facts.sources) : []),
  ];
  return (
    <dl className="v-corner">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Each fact with where it is from; those that contradict each other are marked. */
export const sourcesOf = (sources: Session["facts"]["sources"]): readonly (readonly [string, string])[] =>
  Object.entries(sources).map(([name, values]) => {
    const differ = new Set(values.map(({ value }) => value)).size > 1;
    return [name, `${differ ? "⚠ " : ""}${values.map(({ value, from }) => `${value} (${from})`).join(" · ")}`] as const;
  });
