import { useEffect, useRef, useState } from "react";
import { addressNow } from "../../parts/address.js";
import { saveFile } from "../../parts/save.js";
import { ErrorPanel } from "../../parts/states.js";
import { seenPng } from "../export.js";
import { CAPTION_HEIGHT, Check, canvasOf, drawCaption, stemOf } from "../export-dialog.js";
import { hasScale } from "../geometry.js";
import type { Session, SpacePicture } from "../session.js";

/** The 3-D pane as a picture, as large as it is on the screen. */
export default function SpaceExport({ session, space, close }: { session: Session; space: SpacePicture; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [bar, setBar] = useState(true);
  const [box, setBox] = useState(true);
  const [caption, setCaption] = useState(false);
  const [error, setError] = useState<unknown>();
  useEffect(() => dialog.current?.showModal(), []);
  const save = async () => {
    try {
      const { facts } = session;
      const words = {
        title: facts.title,
        url: await addressNow(),
        plane: space.words(),
        voxelSizeAngstrom: facts.voxelSizeAngstrom,
        pixelSizeAngstrom: hasScale(facts) ? space.angstromPerPixel() : undefined,
        contrast: session.state.get().contrast,
      };
      const seen = space.picture({ bar, box });
      const ratio = devicePixelRatio;
      const [canvas, context] = canvasOf(seen.width, seen.height + (caption ? CAPTION_HEIGHT * ratio : 0));
      context.drawImage(seen, 0, 0);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      if (caption) drawCaption(context, canvas.width / ratio, seen.height / ratio, words);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      saveFile(
        seenPng(data, canvas.width, canvas.height, words) as Uint8Array<ArrayBuffer>,
        `${stemOf(facts)}_3d.png`,
        "image/png",
      );
      dialog.current?.close();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="export-title" className="v-export">
      <h2 id="export-title">Export the 3-D view</h2>
      <p className="muted">PNG, 8 bit as seen, as large as on the screen.</p>
      <fieldset>
        <legend>With</legend>
        <Check label="Scale bar" value={bar} set={setBar} />
        <Check label="Box and axes" value={box} set={setBox} />
        <Check label="Caption" value={caption} set={setCaption} />
      </fieldset>
      {error !== undefined && <ErrorPanel error={error} />}
      <p className="row wrap">
        <button type="button" className="primary" onClick={() => void save()}>
          Save picture
        </button>
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </p>
    </dialog>
  );
}
