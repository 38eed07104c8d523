import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { letterKeys } from "./settings.js";

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["/ or Ctrl K", "search"],
  ["?", "these keys"],
  ["↑ ↓ J K", "row · point"],
  ["Enter", "open the row"],
  ["x, Shift x", "select a row, a range"],
  ["wheel, PgUp PgDn, , .", "slice ±1 (Shift ±10)"],
  ["Ctrl wheel, + −", "zoom at the pointer"],
  ["drag, arrows", "move"],
  ["Shift arrows", "move the crosshair"],
  ["Enter in a slice", "click at the crosshair"],
  ["Home End", "first, last slice"],
  ["1 2 3 4 5 6", "layouts"],
  ["drag, arrows in 3-D", "turn; Shift and drag moves, double click goes back"],
  ["Space, < >", "play, its speed"],
  ["A Shift A 0 I", "contrast"],
  ["F1 F2 F3 F4", "black − +, white − +"],
  ["S Shift S", "slab + −"],
  ["M Esc", "measure, leave"],
  ["L, [ ]", "layers; step through points"],
  ["B", "blink compare"],
  ["N P", "next, previous run of the list"],
  ["G", "go to x y z"],
  ["E, C", "export, copy link"],
  ["V", "save this view, go to another"],
  ["O", "open in Neuroglancer"],
  ["W", "where the voxel is from"],
];

/** All keys, in a dialog of the browser's own. */
export function KeysDialog({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const letters = letterKeys.use();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="keys-title">
      <div className="spread">
        <h2 id="keys-title">Keys</h2>
        <button type="button" className="bare" onClick={close} aria-label="Close">
          <X size={16} aria-hidden />
        </button>
      </div>
      <label className="check">
        <input type="checkbox" checked={letters} onChange={({ target }) => letterKeys.set(target.checked)} />
        Keys that are single letters or signs
      </label>
      <Keys />
    </dialog>
  );
}

export function Keys() {
  return (
    <table>
      <tbody>
        {KEYS.map(([keys, does]) => (
          <tr key={keys}>
            <th scope="row">
              <kbd>{keys}</kbd>
            </th>
            <td>{does}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
