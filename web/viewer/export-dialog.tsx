import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { PLANE_BYTES_MAX, type VolumeFacts } from "../../src/model/page-api.js";
import { addressNow } from "../parts/address.js";
import { bytes } from "../parts/format.js";
import { saveFile } from "../parts/save.js";
import { ErrorPanel } from "../parts/states.js";
import { printContrastWords } from "./caption.js";
import type { PictureFacts } from "./export.js";
import { hasScale, PANE_AXES, PANE_NAMES, PLANE_AXES, voxelOf } from "./geometry.js";
import type { OverlayPoint, PaneView } from "./overlay.js";
import type { PaneDrawing } from "./pane-draw.js";
import type { PlaneAsk } from "./planes.js";
import { paint } from "./render-2d.js";
import type { PaneId, Session } from "./session.js";

type Kind = "seen" | "raw" | "tiff" | "csv";

export const CAPTION_HEIGHT = 24;

const SpaceExport = lazy(() => import("./space/export.js"));

interface ExportProps {
  readonly session: Session;
  readonly drawings: ReadonlyMap<PaneId, PaneDrawing>;
  close(): void;
}

/** A picture of the pane that somebody works in. */
export function ExportDialog(parts: ExportProps) {
  const space = parts.session.space.get();
  if (space && (space.isActive || parts.drawings.size === 0))
    return (
      <Suspense>
        <SpaceExport session={parts.session} space={space} close={parts.close} />
      </Suspense>
    );
  return parts.drawings.size === 0 ? null : <PlaneExport {...parts} />;
}

/** A picture of the active pane, as it is on the screen or with a pixel a voxel. */
function PlaneExport({ session, drawings, close }: ExportProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [size, setSize] = useState<"screen" | "native">("screen");
  const [kind, setKind] = useState<Kind>("seen");
  const [bar, setBar] = useState(true);
  const [overlays, setOverlays] = useState(true);
  const [caption, setCaption] = useState(false);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const stop = useRef(new AbortController());
  useEffect(() => {
    dialog.current?.showModal();
    const mine = new AbortController();
    stop.current = mine;
    return () => mine.abort();
  }, []);
  const active = session.activePane.get();
  const pane: PaneId = drawings.has(active) ? active : "z";
  const isSeen = kind === "seen";
  const pointsHere = () => session.painterOf(session.factsOf(pane))?.points?.(drawings.get(pane)!.view()) ?? [];
  const drawn = drawings.get(pane)!.view();
  const planeSize = planeBytes(drawn);
  const isTooLarge = planeSize > PLANE_BYTES_MAX;
  const isNative = size === "native" || !isSeen;
  const save = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const drawing = drawings.get(pane)!;
      // what is on is in the picture, also where it has not come yet
      if (isSeen || kind === "csv") await session.painterOf(drawing.view().facts)?.ready?.(drawing.view());
      const made = await (kind === "csv"
        ? pointsFile(drawing, pointsHere())
        : isNative
          ? nativeFile(session, drawing, kind, { bar, overlays, caption }, stop.current.signal)
          : screenFile(session, drawing, { bar, overlays, caption }));
      saveFile(made.bytes as Uint8Array<ArrayBuffer>, made.name, made.type);
      dialog.current?.close();
    } catch (failure) {
      if (!stop.current.signal.aborted) setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="export-title" className="v-export">
      <h2 id="export-title">Export the {PANE_NAMES[session.active]} plane</h2>
      <fieldset>
        <legend>Numbers</legend>
        <Choice name="kind" value="seen" now={kind} set={setKind} label="PNG, 8 bit as seen" />
        <Choice name="kind" value="raw" now={kind} set={setKind} label="PNG, 16 bit raw" disabled={isTooLarge} />
        <Choice name="kind" value="tiff" now={kind} set={setKind} label="TIFF, 32 bit floating point" disabled={isTooLarge} />
        <Choice name="kind" value="csv" now={kind} set={setKind} label="CSV, points in the slab of the layers that are on" />
      </fieldset>
      <fieldset disabled={!isSeen}>
        <legend>Size</legend>
        <Choice name="size" value="screen" now={isNative ? "native" : "screen"} set={setSize} label="As on the screen" />
        <Choice
          name="size"
          value="native"
          now={isNative ? "native" : "screen"}
          set={setSize}
          label="A pixel a voxel, whole plane"
          disabled={isTooLarge}
        />
      </fieldset>
      <fieldset disabled={!isSeen}>
        <legend>With</legend>
        <Check label="Scale bar" value={bar && isSeen} set={setBar} />
        <Check label="Layers and measures" value={overlays && isSeen} set={setOverlays} />
        <Check label="Caption" value={caption && isSeen} set={setCaption} />
      </fieldset>
      {isTooLarge && (
        <p className="muted">
          This plane has {bytes(planeSize)}, a pixel a voxel is saved of at most {bytes(PLANE_BYTES_MAX)}: zoom in, and save what
          is on the screen.
        </p>
      )}
      {error !== undefined && <ErrorPanel error={error} />}
      <p className="row wrap">
        <button type="button" className="primary" disabled={isBusy} onClick={() => void save()}>
          {kind === "csv" ? "Save table" : "Save picture"}
        </button>
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </p>
    </dialog>
  );
}

/** Bytes of the whole plane of a pane, as it is saved. */
function planeBytes({ facts, axis, slab }: PaneView): number {
  const { row, column } = PLANE_AXES[axis];
  // a mean has other numbers than the file
  return slab > 1 ? 4 * facts.shape[row] * facts.shape[column] : facts.planeBytes[PANE_AXES[axis].normal];
}

function Choice<T extends string>({
  name,
  value,
  now,
  set,
  label,
  disabled = false,
}: {
  name: string;
  value: T;
  now: T;
  set: (value: T) => void;
  label: string;
  disabled?: boolean;
}) {
  return (
    <label className="check">
      <input type="radio" name={name} checked={now === value} disabled={disabled} onChange={() => set(value)} /> {label}
    </label>
  );
}

export function Check({ label, value, set }: { label: string; value: boolean; set: (value: boolean) => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={value} onChange={({ target }) => set(target.checked)} /> {label}
    </label>
  );
}

interface Made {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly type: string;
}

async function factsOf(session: Session, drawing: PaneDrawing, pixelSizeAngstrom: number): Promise<PictureFacts> {
  const url = await addressNow();
  const { facts, at, axis, slab } = drawing.view();
  return {
    title: facts.title,
    url,
    plane: `${PANE_NAMES[axis]} slice ${at + 1}${slab > 1 ? `, mean of ${slab}` : ""}`,
    voxelSizeAngstrom: facts.voxelSizeAngstrom,
    pixelSizeAngstrom: hasScale(facts) ? pixelSizeAngstrom : undefined,
    contrast: session.contrastOf(session.activePane.get()),
  };
}

async function screenFile(
  session: Session,
  drawing: PaneDrawing,
  { bar, overlays, caption }: { bar: boolean; overlays: boolean; caption: boolean },
): Promise<Made> {
  const { seenPng } = await import("./export.js");
  const ratio = devicePixelRatio;
  const facts = await factsOf(session, drawing, drawing.view().angstromPerPixel / ratio);
  const seen = drawing.drawNow();
  const { width, height } = seen;
  const [canvas, context] = canvasOf(width, height + (caption ? CAPTION_HEIGHT * ratio : 0));
  context.drawImage(seen, 0, 0);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawing.paintOver(context, { overlays, bar });
  if (caption) drawCaption(context, canvas.width / ratio, height / ratio, facts);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { bytes: seenPng(data, canvas.width, canvas.height, facts), name: nameOf(drawing, "png"), type: "image/png" };
}

async function nativeFile(
  session: Session,
  drawing: PaneDrawing,
  kind: Kind,
  { bar, overlays, caption }: { bar: boolean; overlays: boolean; caption: boolean },
  signal: AbortSignal,
): Promise<Made> {
  const { floatTiff, nativePlane, rawPng, seenPng } = await import("./export.js");
  const { axis, at, slab, facts } = drawing.view();
  const { row, column } = PLANE_AXES[axis];
  const ask: PlaneAsk = { axis, at, slab, level: 0, box: [0, 0, facts.shape[row], facts.shape[column]], as: "native" };
  const plane = await nativePlane(facts === session.facts ? session.source : session.second.get()!.source, ask, signal);
  const pixelSize = voxelOf(facts)[column];
  const words = await factsOf(session, drawing, pixelSize);
  if (kind === "raw")
    return { bytes: rawPng(plane, { ...words, contrast: undefined }), name: nameOf(drawing, "png"), type: "image/png" };
  if (kind === "tiff") {
    const about = `${words.title}, ${words.plane}, ${words.url}`;
    return {
      bytes: await floatTiff(plane, hasScale(facts) ? pixelSize : undefined, about),
      name: nameOf(drawing, "tif"),
      type: "image/tiff",
    };
  }
  const { columns: width, rows: height } = plane;
  const [canvas, context] = canvasOf(width, height + (caption ? CAPTION_HEIGHT : 0));
  const image = context.createImageData(width, height);
  const placed = { plane, left: 0, top: 0, width, height, isTransposed: false };
  paint(
    {
      planes: [placed],
      contrast: session.contrastOf(session.activePane.get()),
      clip: { left: 0, top: 0, right: width, bottom: height },
    },
    width,
    height,
    image.data,
  );
  context.putImageData(image, 0, 0);
  drawing.paintOver(context, { overlays, bar }, drawing.native());
  if (caption) drawCaption(context, width, height, words);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { bytes: seenPng(data, canvas.width, canvas.height, words), name: nameOf(drawing, "png"), type: "image/png" };
}

/** @throws where no point is in the slab */
async function pointsFile(drawing: PaneDrawing, points: readonly OverlayPoint[]): Promise<Made> {
  const { pointsCsv } = await import("./export.js");
  if (points.length === 0) throw new Error("no layer that is on has a point in this slab");
  return { bytes: pointsCsv(drawing.view().facts, points), name: nameOf(drawing, "csv"), type: "text/csv" };
}

export function canvasOf(width: number, height: number): readonly [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return [canvas, canvas.getContext("2d", { willReadFrequently: true })!];
}

export function drawCaption(context: CanvasRenderingContext2D, width: number, top: number, facts: PictureFacts): void {
  context.fillStyle = "#101214";
  context.fillRect(0, top, width, CAPTION_HEIGHT);
  context.fillStyle = "#ffffff";
  context.font = '12px "Source Sans 3", system-ui, sans-serif';
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText([facts.title, facts.plane, printContrastWords(facts)].join(" · "), 8, top + CAPTION_HEIGHT / 2, width - 16);
}

/** The volume's title as part of a file's name. */
export const stemOf = ({ title }: Pick<VolumeFacts, "title">): string =>
  title.replaceAll(/[^\w.-]+/g, "_").slice(0, 80) || "volume";

function nameOf(drawing: PaneDrawing, ending: string): string {
  const { facts, axis, at } = drawing.view();
  return `${stemOf(facts)}_${PANE_NAMES[axis]}_${String(at + 1).padStart(String(facts.shape[PANE_AXES[axis].normal]).length, "0")}.${ending}`;
}
