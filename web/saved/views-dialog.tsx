import { useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import type { SavedView } from "../../src/model/page-api.js";
import { addressNow } from "../parts/address.js";
import { AppLink } from "../parts/app-link.js";
import { notify } from "../parts/page.js";
import { ErrorPanel } from "../parts/states.js";
import { send, useWriting } from "../parts/writing.js";
import { useRun } from "../viewer/of-run.js";
import { addressBelow, keepHere } from "./kept-here.js";
import { refreshViews, useViews, volumeWords, type Words } from "./saved.js";
import { SavedList } from "./saved-list.js";
import { WordsForm } from "./words-form.js";

interface ViewsDialogProps {
  /** Reference of the volume. */
  readonly volume: string;
  /** Address of the viewer with what is shown now, relative to the base. Default: that of the page. */
  readonly address?: (() => string) | undefined;
  /** Where a view is opened, by its address. Undefined: by the viewer. */
  readonly openedAt?: ((to: string) => string) | undefined;
  close(): void;
}

/** Gives a name to what the viewer shows, and leads to what has one: views of this volume, and of its run. */
export function ViewsDialog({ volume, address, openedAt, close }: ViewsDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const queries = useQueryClient();
  const isWriting = useWriting("write");
  const { data: run } = useRun(volume);
  const { asked, views, isCut } = useViews({ ref: volume, run: run?.id });
  useEffect(() => {
    dialog.current?.showModal();
    // it would be the way out, which comes first
    dialog.current?.querySelector("input")?.focus();
  }, []);
  const end = () => dialog.current?.close();
  const save = async (words: Words) => {
    const to = address?.() ?? addressBelow(await addressNow());
    if (isWriting) {
      await send<SavedView>("POST", "views", { ...words, to });
      await refreshViews(queries);
    } else keepHere({ ...words, to, of: volumeWords(volume, run?.name), run: run?.id });
    notify(`View saved: ${words.name}`);
    end();
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="views-title" className="saved-dialog">
      <div className="spread">
        <h2 id="views-title">Save this view</h2>
        <button type="button" className="bare" onClick={end} aria-label="Close">
          <X size={16} aria-hidden />
        </button>
      </div>
      <WordsForm first={{ name: "", note: "" }} verb="Save this view" save={save} cancel={end}>
        <p className="muted">
          {address && "Neuroglancer's position, scale, contrast and layers, to be opened here or as slices. "}
          {address
            ? isWriting
              ? "Everybody who may see this volume sees the view."
              : "This page reads only, so the view is kept in this browser; its address can be sent to others."
            : isWriting
              ? "Sections, layers, contrast, layout and measures, as they are now. Everybody who may see this volume sees the view."
              : "Sections, layers, contrast, layout and measures, as they are now. This page reads only, so the view is kept in this browser; its address can be sent to others."}
        </p>
      </WordsForm>
      <h3>Saved views of this {run ? "run" : "volume"}</h3>
      {asked.error && <ErrorPanel error={asked.error} again={() => void asked.refetch()} />}
      {views.length > 0 ? (
        <SavedList items={views} label="Saved views" went={end} openedAt={openedAt} />
      ) : (
        asked.data && <p className="muted">None yet.</p>
      )}
      {isCut && <p className="muted">The newest are shown.</p>}
      <AppLink to="/saved">All that is saved</AppLink>
    </dialog>
  );
}
