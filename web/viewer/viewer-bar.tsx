import { Link } from "@tanstack/react-router";
import { Bookmark, Copy, Download, Ruler, SquareArrowOutUpRight } from "lucide-react";
import type { VolumeFacts } from "../../src/model/page-api.js";
import type { Command } from "./keys.js";
import { useListed } from "./of-run.js";
import type { Session } from "./session.js";
import { isDropped, LAYOUTS, type Layout, layoutsOf } from "./state.js";

const LAYOUT_TITLES: Readonly<Record<Layout, string>> = {
  xy: "One plane",
  ortho: "Three planes",
  quad: "Three planes and 3-D",
  tilt: "Tilt series",
  compare: "Two volumes",
  "3d": "The volume in space",
};

interface ViewerBarProps {
  readonly session: Session;
  readonly layout: Layout;
  run(command: Command): void;
  /** Address of the same volume in Neuroglancer. */
  readonly neuroglancer: string | undefined;
}

/** Bar above the planes: what is shown, in which layout, and what can be done with it. */
export function ViewerBar({ session, layout, run, neuroglancer }: ViewerBarProps) {
  const { facts } = session;
  return (
    <div className="v-bar">
      <h1>{facts.title}</h1>
      <RunSteps facts={facts} step={(by) => run({ do: "list", by })} />
      <fieldset className="choice">
        <legend className="hidden">Layout</legend>
        {layoutsOf(facts).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === layout}
            title={`${LAYOUT_TITLES[one]} (${LAYOUTS.indexOf(one) + 1})`}
            onClick={() => run({ do: "layout", layout: one })}
          >
            {one}
          </button>
        ))}
      </fieldset>
      <span className="row">
        <MeasureButton session={session} toggle={() => run({ do: "measure" })} />
        <button type="button" onClick={() => run({ do: "export" })} title="Export (E)">
          <Download size={16} aria-hidden /> <span className="wide">Export</span>
        </button>
        <button type="button" onClick={() => run({ do: "copy" })} title="Copy link (C)">
          <Copy size={16} aria-hidden /> <span className="wide">Copy link</span>
        </button>
        {!isDropped(facts) && (
          <button type="button" onClick={() => run({ do: "views" })} title="Save this view, or go to one that was saved (V)">
            <Bookmark size={16} aria-hidden /> <span className="wide">Views</span>
          </button>
        )}
        {neuroglancer !== undefined && (
          <Link
            className="button"
            to={neuroglancer}
            title="Open in Neuroglancer (O)"
            onClick={(event) => {
              event.preventDefault();
              run({ do: "neuroglancer" });
            }}
          >
            <SquareArrowOutUpRight size={16} aria-hidden /> <span className="wide">Neuroglancer</span>
          </Link>
        )}
      </span>
    </div>
  );
}

/** The runs before and after in the list that one came from. */
function RunSteps({ facts, step }: { facts: VolumeFacts; step: (by: 1 | -1) => void }) {
  const { data: listed } = useListed(facts.ref);
  if (!listed || listed.of < 2) return null;
  const { before, after, at, of } = listed;
  return (
    <nav className="row" aria-label="Runs of the list">
      <button type="button" className="bare" disabled={before === undefined} onClick={() => step(-1)} title="Previous run (P)">
        ‹ P
      </button>
      <span>
        {at + 1}/{of}
      </span>
      <button type="button" className="bare" disabled={after === undefined} onClick={() => step(1)} title="Next run (N)">
        N ›
      </button>
    </nav>
  );
}

function MeasureButton({ session, toggle }: { session: Session; toggle: () => void }) {
  const measuring = session.measuring.use();
  return (
    <button type="button" aria-pressed={measuring !== undefined} onClick={toggle} title="Measure (M)">
      <Ruler size={16} aria-hidden /> <span className="wide">Measure</span>
    </button>
  );
}
