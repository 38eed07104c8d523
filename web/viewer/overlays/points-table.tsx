import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer, VolumeFacts } from "../../../src/model/page-api.js";
import { count } from "../../parts/format.js";
import { WhereFrom } from "../../parts/where-from.js";
import { hasScale, voxelOf } from "../geometry.js";
import { isDropped } from "../state.js";
import { contourOf, pointAt } from "./shapes.js";

const ROWS_MAX = 200;
const COLUMNS = ["n", "x", "y", "z"] as const;
type Column = (typeof COLUMNS)[number];

/** Points of a layer, Å, sortable; the first of them where there are many. `[` and `]` step through them. */
export function PointsTable({
  layer,
  shapes,
  facts,
  chosen,
  choose,
}: {
  layer: OverlayLayer;
  shapes: OverlayShapes;
  facts: VolumeFacts;
  chosen: number | undefined;
  choose: (at: number) => void;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      {chosen !== undefined && <PointFacts layer={layer} shapes={shapes} facts={facts} at={chosen} />}
      <details className="points" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>Points of {layer.name}</summary>
        {isOpen && <Rows shapes={shapes} facts={facts} chosen={chosen} choose={choose} />}
      </details>
    </>
  );
}

/** Facts of the point that was clicked or stepped to. */
function PointFacts({
  layer,
  shapes,
  facts,
  at,
}: {
  layer: OverlayLayer;
  shapes: OverlayShapes;
  facts: VolumeFacts;
  at: number;
}) {
  const { contours, directions, instances, radii, places, xyz } = shapes;
  const world = pointAt(shapes, at);
  const voxel = world.map((value, i) => (value - facts.originAngstrom[i]!) / voxelOf(facts)[i]!);
  const print = (values: readonly number[], digits: number) => [...values].reverse().map((value) => value.toFixed(digits)).join(" "); // biome-ignore format: one line
  const rows: readonly (readonly [string, string])[] = [
    ...(contours.length > 0 ? [["Contour", `${contourOf(shapes, at) + 1} of ${contours.length - 1}`] as const] : []),
    ...(instances.length > 0 ? [["Instance", String(instances[at])] as const] : []),
    ...(hasScale(facts) ? [["x y z, Å", print(world, 1)] as const] : []),
    ["x y z, voxels", print(voxel, 2)],
    ...(radii[at] ? [["Radius, Å", radii[at].toFixed(1)] as const] : []),
    ...(directions.length > 0 ? [["Axis x y z", [...directions.subarray(3 * at, 3 * at + 3)].map((value) => value.toFixed(3)).join(" ")] as const] : []), // biome-ignore format: one row a fact
  ];
  return (
    <section className="point" aria-label="Point">
      <strong>
        {layer.name} {count((places[at] ?? at) + 1)} of {count(xyz.length / 3)}
      </strong>
      <dl className="v-facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {places.length + contours.length > 0 && !isDropped(facts) && (
        <WhereFrom of={`${facts.ref}/point?layer=${layer.id}&index=${places[at] ?? at}`} what="the point" />
      )}
      {layer.annotationId !== undefined && (
        <Link to="/annotations/$id" params={{ id: String(layer.annotationId) }}>
          Annotation {layer.annotationId}
        </Link>
      )}
    </section>
  );
}

function Rows({
  shapes,
  facts,
  chosen,
  choose,
}: {
  shapes: OverlayShapes;
  facts: VolumeFacts;
  chosen: number | undefined;
  choose: (at: number) => void;
}) {
  const [{ by, isDown }, setSort] = useState<{ by: Column; isDown: boolean }>({ by: "n", isDown: false });
  const total = shapes.xyz.length / 3;
  const first = useMemo(() => {
    const sign = isDown ? -1 : 1;
    const value = (i: number) => sign * (by === "n" ? (shapes.places[i] ?? i) : shapes.xyz[3 * i + "xyz".indexOf(by)]!);
    const values = Float64Array.from({ length: total }, (_, i) => value(i)).sort();
    const last = values[Math.min(ROWS_MAX, total) - 1]!;
    const rows: number[] = [];
    for (let i = 0; i < total; i++) if (value(i) <= last) rows.push(i);
    return rows.sort((a, b) => value(a) - value(b)).slice(0, ROWS_MAX);
  }, [shapes, by, isDown, total]);
  const shown = chosen === undefined || first.includes(chosen) ? first : [chosen, ...first];
  return (
    <>
      <div>
        <table>
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name} aria-sort={by === name ? (isDown ? "descending" : "ascending") : "none"}>
                  <button type="button" className="bare" onClick={() => setSort({ by: name, isDown: by === name && !isDown })}>
                    {name === "n" ? "n" : `${name}${hasScale(facts) ? " Å" : ""}`}
                    {by === name && (isDown ? " ↓" : " ↑")}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((i) => (
              <tr key={i} aria-selected={i === chosen}>
                <td>
                  <button
                    type="button"
                    className="bare"
                    onClick={() => choose(i)}
                    aria-label={`Go to point ${(shapes.places[i] ?? i) + 1}`}
                  >
                    {(shapes.places[i] ?? i) + 1}
                  </button>
                </td>
                {[0, 1, 2].map((axis) => (
                  <td key={axis} className="number">
                    {shapes.xyz[3 * i + axis]!.toFixed(1)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {total > ROWS_MAX && (
        <p className="muted">
          the first {ROWS_MAX} of {count(total)}: Export has those of a plane as CSV
        </p>
      )}
    </>
  );
}
