import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { quoteWords } from "../../src/core/shell.js";
import { FRAME_AXES, type FrameAxis, type MicroscopyDataset } from "../../src/model/page-api.js";
import { Contrast } from "../microscopy/contrast.js";
import {
  datasetQuery,
  type FrameAt,
  frameQuery,
  type Limits,
  limitsOf,
  pixelsQuery,
  pngAddress,
  sampleOf,
  THUMBNAIL_SIDE,
} from "../microscopy/frames.js";
import { LargeFrame } from "../microscopy/large-frame.js";
import { Metadata } from "../microscopy/metadata.js";
import { AXIS_NAMES, SheetGrid } from "../microscopy/sheet-grid.js";
import { sizesText } from "../microscopy/sizes.js";
import { Facts, fact } from "../parts/facts.js";
import { count, shape } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer, Empty, ErrorPanel } from "../parts/states.js";
import "../microscopy/microscopy.css";

type Search = Partial<Record<FrameAxis | "rows" | "cols" | "lim" | "open", string>>;

/** A data set as a contact sheet: two axes across it, sliders for the others, and what is known of the frame that is chosen. */
export function MicroscopySheet() {
  const { id = "" } = useParams({ strict: false });
  const asked = useQuery(datasetQuery(id));
  useCrumbs({ label: "Microscopy", to: "/microscopy" }, { label: id });
  return (
    <div className="page">
      <Answer asked={asked} title={id}>
        {(dataset) => <Found key={id} of={dataset} />}
      </Answer>
    </div>
  );
}

function Found({ of }: { of: MicroscopyDataset }) {
  const { id, description, frames, file } = of;
  return (
    <>
      <div>
        <h1>{id}</h1>
        {description && <p>{description}</p>}
      </div>
      {frames ? (
        <Sheet of={of} />
      ) : (
        <>
          <Empty
            command={quoteWords([
              "emporium",
              "catalog",
              "download",
              "--id",
              id,
              "--dest",
              ".",
              "--no-metadata",
              "--storage",
              "STORAGE",
            ])}
          >
            This data set is one file, {file?.name ?? "whose name the catalogue does not know"}: it has no frames to show.
          </Empty>
          <DatasetFacts of={of} />
        </>
      )}
    </>
  );
}

function Sheet({ of }: { of: MicroscopyDataset }) {
  const { id, indices } = of;
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const put = (changes: Search) =>
    void navigate({ to: ".", search: (before: object) => ({ ...before, ...changes }), replace: true, resetScroll: false });
  const [rows, cols] = axesOf(search, of);
  const at = atOf(search, of);
  const sample = useQueries({
    queries: of.place === undefined ? [] : sampleOf(of).map((one) => pixelsQuery(id, one, THUMBNAIL_SIDE)),
  });
  const seen = sample.flatMap(({ data }) => data ?? []);
  // not before all are there: limits that move while one looks would be no limits
  const auto = sample.every(({ isFetching }) => !isFetching) ? limitsOf(seen) : undefined;
  const limits = typedLimits(search.lim) ?? auto;
  const choose = (chosen: FrameAt) => put(textsOf(chosen));
  useCommand({ line: downloadCommand(id, at) });
  const others = FRAME_AXES.filter((axis) => axis !== rows && axis !== cols);
  return (
    <div className="mic">
      <section aria-label="Contact sheet">
        <div className="row wrap">
          <AxisChoice
            label="Rows"
            value={rows}
            choose={(axis) => put({ rows: axis, cols: axis === cols ? rows : cols })}
            of={of}
          />
          <AxisChoice
            label="Columns"
            value={cols}
            choose={(axis) => put({ cols: axis, rows: axis === rows ? cols : rows })}
            of={of}
          />
          {others.map((axis) => (
            <AxisSlider key={axis} axis={axis} of={of} value={at[axis]} choose={(index) => put({ [axis]: String(index) })} />
          ))}
          {limits && <Contrast limits={limits} seen={seen} set={(to?: Limits) => put({ lim: to && `${to.low},${to.high}` })} />}
        </div>
        {of.place === undefined ? (
          <Empty command="emporium serve TREE STORAGE">
            The frames of this data set are in no location that is served here. Serve the storage of its upload, too:
          </Empty>
        ) : (
          <SheetGrid of={of} rows={rows} cols={cols} at={at} limits={limits} choose={choose} open={() => put({ open: "1" })} />
        )}
        {sample.map(({ error }) => error).find(Boolean) && seen.length === 0 && (
          <ErrorPanel
            error={sample.map(({ error }) => error).find(Boolean)}
            again={() => sample.forEach((one) => void one.refetch())}
          />
        )}
      </section>
      <section className="mic-facts" aria-label="Facts">
        <FrameFactsPanel of={of} at={at} />
        <DatasetFacts of={of} />
      </section>
      {search.open === "1" && of.place !== undefined && (
        <LargeFrame
          of={of}
          at={at}
          title={frameTitle(of, at)}
          limits={limits}
          move={(axis, by) => {
            const list = indices[axis === "row" ? rows : cols];
            const name = axis === "row" ? rows : cols;
            const next = list[list.indexOf(at[name]!) + by];
            if (next !== undefined) choose({ ...at, [name]: next });
          }}
          close={() => put({ open: undefined } as Search)}
        />
      )}
    </div>
  );
}

function AxisChoice(props: { label: string; value: FrameAxis; choose: (axis: FrameAxis) => void; of: MicroscopyDataset }) {
  const { label, value, choose, of } = props;
  return (
    <label className="row">
      {label}
      <select value={value} onChange={({ target }) => choose(target.value as FrameAxis)}>
        {FRAME_AXES.map((axis) => (
          <option key={axis} value={axis}>
            {AXIS_NAMES[axis]} ({of.indices[axis].length})
          </option>
        ))}
      </select>
    </label>
  );
}

function AxisSlider(props: {
  axis: FrameAxis;
  of: MicroscopyDataset;
  value: number | undefined;
  choose: (index: number) => void;
}) {
  const { axis, of, value, choose } = props;
  const list = of.indices[axis];
  const [dragged, setDragged] = useState<number>();
  const place = dragged ?? Math.max(list.indexOf(value ?? Number.NaN), 0);
  const name = axis === "c" ? channelName(of, list[place]) : String(list[place] ?? "not known");
  if (list.length < 2) {
    return (
      <span className="muted">
        {AXIS_NAMES[axis]} {name}
      </span>
    );
  }
  return (
    <label className="row">
      {AXIS_NAMES[axis]}
      <input
        type="range"
        min={0}
        max={list.length - 1}
        value={place}
        aria-valuetext={name}
        onChange={({ target }) => {
          setDragged(Number(target.value));
          choose(list[Number(target.value)]!);
        }}
        onPointerUp={() => setDragged(undefined)}
        onKeyUp={() => setDragged(undefined)}
        onBlur={() => setDragged(undefined)}
      />
      <output>{name}</output>
    </label>
  );
}

function FrameFactsPanel({ of, at }: { of: MicroscopyDataset; at: FrameAt }) {
  const asked = useQuery(frameQuery(of.id, at));
  return (
    <div className="panel">
      <h2>Frame</h2>
      <p>{frameTitle(of, at)}</p>
      <Answer asked={asked}>
        {({ name, sha256, channel, metadata }) => (
          <>
            <Facts
              facts={[
                fact(
                  "File",
                  name,
                  "catalogue",
                  of.place === undefined ? (
                    name
                  ) : (
                    <a href={pngAddress(of.id, at)} download={name}>
                      {name}
                    </a>
                  ),
                ),
                fact("Channel", channel),
                { ...fact("SHA-256", sha256), absent: "an older catalogue kept none" },
              ]}
            />
            <Metadata of={metadata} title="Metadata of the frame" />
          </>
        )}
      </Answer>
    </div>
  );
}

function DatasetFacts({ of }: { of: MicroscopyDataset }) {
  const { date, microscope, frames, parent, children, place, metadata } = of;
  const linked = (id: string) => (
    <Link key={id} to="/microscopy/$id" params={{ id }}>
      {id}
    </Link>
  );
  return (
    <div className="panel">
      <h2>Data set</h2>
      <Facts
        facts={[
          fact("Date", date.replace("T", " ")),
          fact("Microscope", microscope),
          ...(frames
            ? [
                fact("Frames", count(frames.count)),
                fact("Axes", sizesText(frames.sizes)),
                fact("Size", `${shape(frames.width, frames.height)} pixels`),
                fact("Type", `${frames.dtype}${frames.colours === 1 ? "" : ", red green blue"}`),
                { ...fact("Stored in", place, "served here"), absent: "no location that is served has the frames" },
              ]
            : []),
          fact("Made from", parent, "catalogue", parent && linked(parent)),
          fact("Used for", children.join(", "), "catalogue", <span className="row wrap">{children.map(linked)}</span>),
        ]}
      />
      <Metadata of={metadata} title="Metadata of the data set" />
    </div>
  );
}

/** Channels down and slices across, or the first axes that have several. */
function axesOf({ rows, cols }: Search, { indices }: MicroscopyDataset): readonly [FrameAxis, FrameAxis] {
  const known = (text: string | undefined) => FRAME_AXES.find((axis) => axis === text);
  const row = known(rows) ?? (known(cols) === "c" ? "z" : "c");
  const several = (["z", "t", "p", "c"] as const).filter((axis) => axis !== row);
  const col = known(cols) ?? several.find((axis) => indices[axis].length > 1) ?? several[0]!;
  return row === col ? [row, several[0]!] : [row, col];
}

/** The frame of an address; an index that no frame has is the first. */
function atOf(search: Search, { indices }: MicroscopyDataset): FrameAt {
  const chosen = FRAME_AXES.flatMap((axis) => {
    const index = indices[axis].find((one) => String(one) === search[axis]) ?? indices[axis][0];
    return index === undefined ? [] : [[axis, index] as const];
  });
  return Object.fromEntries(chosen);
}

const textsOf = (at: FrameAt): Search => Object.fromEntries(Object.entries(at).map(([axis, index]) => [axis, String(index)]));

function typedLimits(text: string | undefined): Limits | undefined {
  const [low = Number.NaN, high = Number.NaN] = (text ?? "").split(",").map(Number);
  return low < high ? { low, high } : undefined;
}

function channelName({ channels }: MicroscopyDataset, index: number | undefined): string {
  const names = channels.filter((one) => one.index === index).flatMap(({ name }) => name ?? []);
  return index === undefined ? "not known" : [index, ...names].join(" ");
}

const frameTitle = (of: MicroscopyDataset, at: FrameAt): string =>
  FRAME_AXES.flatMap((axis) =>
    at[axis] === undefined ? [] : [`${AXIS_NAMES[axis]} ${axis === "c" ? channelName(of, at.c) : at[axis]}`],
  ).join(", ");

const downloadCommand = (id: string, at: FrameAt): string =>
  quoteWords([
    ...["emporium", "catalog", "download", "--id", id, "--dest", ".", "--storage", "STORAGE"],
    ...FRAME_AXES.flatMap((axis) => (at[axis] === undefined ? [] : [`-${axis}`, String(at[axis])])),
  ]);
