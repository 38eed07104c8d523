import { useQuery } from "@tanstack/react-query";
import { Layers } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { plural } from "../parts/format.js";
import { volumeQuery } from "../parts/queries.js";
import { ErrorPanel } from "../parts/states.js";
import { hasScale, voxelOf } from "./geometry.js";
import { useHost } from "./host.js";
import { LayersPanel } from "./overlays/layers.js";
import { Pane } from "./pane.js";
import type { PlaneSource } from "./planes.js";
import { isNoAnswer, servedSource } from "./served.js";
import { makeSession } from "./session.js";
import { firstState, isTiltSeries, sectionOf } from "./state.js";
import { useOf } from "./use-of.js";
import "./viewer.css";

interface LiveSliceProps {
  /** `tomogram:12`, `tiltseries:3`. */
  readonly of: string;
  /** Layers that are drawn, by their ids. Default: those that the catalogue says. */
  readonly on?: readonly string[] | undefined;
  /** Stands in its place where the volume cannot be read. Default: why. */
  readonly instead?: ReactNode;
}

/** A section that moves, with what is annotated in it: the viewer's own plane, in a page of other things. */
export function LiveSlice({ of, on, instead }: LiveSliceProps) {
  // what the page says of the volume is asked for once
  const { data: facts, error, refetch } = useQuery(volumeQuery(of));
  const source = useMemo(() => facts && servedSource(of, facts), [of, facts]);
  if (error && !(facts && isNoAnswer(error))) return instead ?? <ErrorPanel error={error} again={() => void refetch()} />;
  return source ? <Opened key={`${of} ${source.facts.etag}`} source={source} on={on} /> : <div className="live-stage" />;
}

function Opened({ source, on }: { source: PlaneSource; on: readonly string[] | undefined }) {
  const { facts } = source;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is on later is taken over below
  const session = useMemo(() => {
    const made = makeSession(source, { ...firstState(source.facts), on });
    made.isInPage = true;
    return made;
  }, [source]);
  useEffect(() => () => source.close(), [source]);
  const [hasLayers, setHasLayers] = useState(true);
  const step = useRef<(direction: 1 | -1) => void>(undefined);
  const host = useHost(session, source, step);
  const wanted = hasLayers ? on?.join() : "";
  useEffect(() => {
    session.update((state) => ({ ...state, on: wanted === undefined ? undefined : wanted.split(",").filter((id) => id !== "") }));
  }, [session, wanted]);
  const section = useOf(session.state, (state) => sectionOf(facts, "z", state));
  const [sections] = facts.shape;
  return (
    <div className="live">
      <div className="live-stage">
        <Pane session={session} pane="z" />
      </div>
      <div className="row live-bar">
        <input
          type="range"
          aria-label="Section"
          min={1}
          max={sections}
          value={section + 1}
          disabled={sections < 2}
          onChange={({ target }) => session.goToSection("z", Number(target.value) - 1)}
        />
        <small>{placeWords(source, section)}</small>
        <button
          type="button"
          className="bare"
          aria-pressed={hasLayers}
          aria-label="Annotations in the picture"
          title="Annotations in the picture"
          onClick={() => setHasLayers(!hasLayers)}
        >
          <Layers size={16} aria-hidden />
        </button>
      </div>
      <LayersPanel host={host} isDrawnOnly />
    </div>
  );
}

/** `45 of 96 · 475 Å`; of a tilt series `12 of 41 · 3.0°`. */
function placeWords({ facts }: PlaneSource, section: number): string {
  const angle = facts.angles?.[section];
  const where = isTiltSeries(facts)
    ? angle !== undefined && `${angle.toFixed(1)}°`
    : hasScale(facts) && `${Math.round(section * voxelOf(facts)[0])} Å`;
  return [`${section + 1} of ${plural(facts.shape[0], isTiltSeries(facts) ? "tilt" : "section")}`, where]
    .filter(Boolean)
    .join(" · ");
}
